import { type ArchivePreferences, decodeArchivePreferences, encodeArchivePreferences } from '@starling/contracts';

/** Preferences as a session's record keeps them, '' for none; undefined when nothing is known, or they are longer than that. */
export function writePreferences(known: ArchivePreferences | 'none' | undefined, bytesMax: number): string | undefined {
  if (known === undefined) return undefined;
  if (known === 'none') return '';
  const text = Buffer.from(encodeArchivePreferences(known)).toString('base64');
  return text.length <= bytesMax ? text : undefined;
}

/** What writePreferences has written. */
export function readPreferences(kept: string | undefined): ArchivePreferences | 'none' | undefined {
  if (kept === undefined) return undefined;
  return kept === '' ? 'none' : decodeArchivePreferences(Buffer.from(kept, 'base64'));
}

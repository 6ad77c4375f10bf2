import { decodeEnvelope, encodeEnvelope, FATE } from '@starling/contracts';

/**
 * The envelope of a row with the fate that it has been written with: what the owner's preferences (XEP-0441) kept out of his archive must
 * not get an id of it from an edge that knows only those of now.
 */
export function asWritten(envelope: Uint8Array, fate: number): Uint8Array {
  if (fate !== FATE.passing) return envelope;
  const decoded = decodeEnvelope(envelope);
  return decoded.fate === FATE.passing ? envelope : encodeEnvelope({ ...decoded, fate: FATE.passing });
}

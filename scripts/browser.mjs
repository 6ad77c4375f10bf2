// `npm run test:browser`: two people on the page in Chromium, on one process. Options:
//   --edges 3   on a cluster on this machine, everybody on another edge
//   --docs      the screenshots that the documentation shows go to docs/images/ as well
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepare } from './install.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const DOCS = join(root, 'docs/images');
const IN_THE_DOCS = new Set(['login', 'chat-zh', 'phone-chat']);
/** What moves in when a window opens has come to rest. */
const SETTLED_MS = 500;

const { values } = parseArgs({ options: { edges: { type: 'string' }, docs: { type: 'boolean', default: false } } });
const KEPT = join(root, '.cache/browser', values.edges === undefined ? 'embedded' : `edges-${values.edges}`);

let passed = 0;

/** A step is waited for; the first that fails ends the story, since the next ones build on it. */
async function step(title, play) {
  const started = performance.now();
  try {
    await play();
  } catch (error) {
    console.log(`✖ ${title}`);
    throw error;
  }
  passed++;
  console.log(`✔ ${title} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}

async function shot(person, name) {
  await person.page.waitForTimeout(SETTLED_MS);
  const path = join(KEPT, `${name}.png`);
  // What says for some seconds that something went well stands in the way.
  await person.page.evaluate(() => {
    for (const { style } of document.querySelectorAll('.toast')) style.visibility = 'hidden';
  });
  await person.page.screenshot({ path });
  if (!values.docs || !IN_THE_DOCS.has(name)) return;
  mkdirSync(DOCS, { recursive: true });
  copyFileSync(path, join(DOCS, `${name}.png`));
}

/** What every open page looked like when a step failed. */
async function keepFailure(browser) {
  const pages = browser.contexts().flatMap((context) => context.pages());
  for (const [index, page] of pages.entries()) await page.screenshot({ path: join(KEPT, `failed-${index + 1}.png`) });
}

async function startSystem() {
  const { startCluster, startEmbedded } = await import('../packages/testkit/dist/index.js');
  if (values.edges === undefined) return startEmbedded();
  const { ensurePrograms } = await import('./testing/servers.mjs');
  await ensurePrograms(await import('../packages/local-servers/dist/index.js'));
  return startCluster({ edges: Number(values.edges) });
}

async function main() {
  await prepare();
  const { startChromium } = await import('./browser/chromium.mjs');
  const { playStory } = await import('./browser/story.mjs');
  rmSync(KEPT, { recursive: true, force: true });
  mkdirSync(KEPT, { recursive: true });
  const browser = await startChromium();
  try {
    const system = await startSystem();
    try {
      const urls = system.edges.map(({ http }) => `http://localhost:${http}/`);
      await playStory({ browser, urls, domain: system.ready.domain, step, shot });
    } catch (error) {
      await keepFailure(browser);
      throw error;
    } finally {
      await system.stop();
    }
  } finally {
    await browser.close();
  }
}

let failed = 0;
try {
  await main();
} catch (error) {
  // Policy: the first failure ends the run and is told whole.
  failed = 1;
  console.log(error.stack ?? error);
}
console.log(`screenshots: ${KEPT}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed;

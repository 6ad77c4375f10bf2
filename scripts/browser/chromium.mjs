// Debian's Chromium, driven by playwright-core; nothing is downloaded from elsewhere.
import { readdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { ensurePackages, findProgram } from '../testing/debian.mjs';

/** No sandbox for root, and none of the connections that Chromium makes on its own account. */
const ARGS = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ...['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const FONT_FOLDERS = ['/usr/share/fonts', '/usr/local/share/fonts', `${process.env.HOME}/.fonts`];

const findChromium = () => process.env.CHROMIUM ?? NAMES.map(findProgram).find((path) => path !== undefined);

/** Without a font that has them, names and emojis are boxes on the screenshots. */
const FONTS = new Map([
  ['fonts-noto-cjk', /cjk|wqy|droidsansfallback/i],
  ['fonts-noto-color-emoji', /emoji/i],
]);

function missingFonts() {
  if (process.platform !== 'linux') return [];
  const names = FONT_FOLDERS.flatMap((folder) => {
    try {
      return readdirSync(folder, { recursive: true });
    } catch {
      // Policy: not every system has every folder.
      return [];
    }
  });
  return [...FONTS].filter(([, pattern]) => !names.some((name) => pattern.test(String(name)))).map(([name]) => name);
}

/** Starts a headless Chromium. @throws Error with one line that says what to install */
export async function startChromium() {
  await ensurePackages(() => [...(findChromium() === undefined ? ['chromium'] : []), ...missingFonts()]);
  return chromium.launch({ executablePath: findChromium(), args: ARGS });
}

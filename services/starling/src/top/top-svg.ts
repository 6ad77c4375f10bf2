import { renderTop } from './render-top.ts';
import type { TopView } from './top-view.ts';

const CHAR_WIDTH = 8.4;
const LINE_HEIGHT = 19;
const MARGIN = 16;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const COLOURS = { ground: '#1b1f27', text: '#d8dee9', head: '#88c0d0', trouble: '#ff7b72' } as const;
/** Behind the summary and an empty line. */
const HEAD_LINE = 3;

/** The same as the terminal shows, as a picture for a document. */
export function topSvg(view: TopView): string {
  const lines = renderTop(view).trimEnd().split('\n');
  const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * CHAR_WIDTH + 2 * MARGIN);
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
  const texts = lines.map((line, i) => {
    const fill = line.includes('NOT READY') ? COLOURS.trouble : i <= HEAD_LINE ? COLOURS.head : COLOURS.text;
    const y = MARGIN + (i + 1) * LINE_HEIGHT - 5;
    return `  <text x="${MARGIN}" y="${y}" fill="${fill}" xml:space="preserve">${escaped(line)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, 'DejaVu Sans Mono', monospace" font-size="14">`,
    '  <title>starling top</title>',
    `  <rect width="100%" height="100%" rx="8" fill="${COLOURS.ground}"/>`,
    ...texts,
    '</svg>',
    '',
  ].join('\n');
}

const escaped = (text: string): string => text.replace(/[&<>]/g, (char) => ENTITIES[char] ?? char);

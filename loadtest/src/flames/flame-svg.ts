// A tree of calls → a flame graph as one SVG that needs nothing else. Pure: the same tree makes the same bytes.
import { ANONYMOUS } from '../bench/profile-report.ts';
import { escaped } from '../performance/escaped.ts';
import { type Flame, type Frame, layOut, type Origin, originOf } from './flame-tree.ts';

export interface FlameTitle {
  readonly title: string;
  readonly subtitle: string;
}

/** Narrower frames could not be seen. */
const SHARE_MIN = 0.003;
/** When the picture is larger, the narrowest frames go until it is not. */
const BYTES_MAX = 150 * 1024;
const COARSER = 1.5;

const WIDTH = 1200;
const MARGIN = 12;
const HEAD_HEIGHT = 62;
const ROW_HEIGHT = 17;
/** Between a frame's edges and its text. */
const TEXT_MARGIN = 3;
/** Of a monospaced font of FONT_SIZE. */
const CHAR_WIDTH = 6.7;
const FONT_SIZE = 11;
const LEGEND_STEP = 150;
/** A shorter one says nothing. */
const TEXT_CHARS_MIN = 3;

const COLOR = { paper: '#ffffff', text: '#1f2328', faint: '#656d76' } as const;
const ORIGINS: Readonly<Record<Origin, { readonly label: string; readonly color: string }>> = {
  service: { label: 'services/', color: '#9ecbff' },
  package: { label: 'packages/', color: '#8ddba0' },
  module: { label: 'other modules', color: '#f2cc60' },
  node: { label: 'Node', color: '#d0d7de' },
  engine: { label: 'V8, system calls', color: '#ffb8a1' },
};

const at = (value: number) => Number(value.toFixed(1));
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

export function flameSvg(root: Flame, { title, subtitle }: FlameTitle): string {
  for (let shareMin = SHARE_MIN; ; shareMin *= COARSER) {
    const told = `${subtitle}; frames below ${percent(shareMin)} are left out`;
    const svg = draw(root, layOut(root, shareMin), { title, subtitle: told });
    if (Buffer.byteLength(svg) <= BYTES_MAX || shareMin >= 1) return svg;
  }
}

function draw(root: Flame, frames: readonly Frame[], { title, subtitle }: FlameTitle): string {
  const depth = Math.max(0, ...frames.map((frame) => frame.depth));
  const height = HEAD_HEIGHT + (depth + 1) * ROW_HEIGHT + MARGIN;
  // Callers are below what they call.
  const top = (frame: Frame) => HEAD_HEIGHT + (depth - frame.depth) * ROW_HEIGHT;
  const origins = Object.keys(ORIGINS) as Origin[];
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="ui-monospace, monospace" font-size="${FONT_SIZE}" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${WIDTH}" height="${height}" fill="${COLOR.paper}"/>`,
    `<text x="${MARGIN}" y="22" font-size="15" font-weight="600" fill="${COLOR.text}">${escaped(title)}</text>`,
    `<text x="${MARGIN}" y="38" fill="${COLOR.faint}">${escaped(subtitle)}</text>`,
    ...origins.map((origin, i) => legend(ORIGINS[origin], MARGIN + i * LEGEND_STEP)),
    ...origins.flatMap((origin) => {
      const own = frames.filter(({ flame }) => originOf(flame) === origin);
      if (own.length === 0) return [];
      const rects = own.map((frame) => rect(frame, top(frame), root.totalUs));
      return [`<g fill="${ORIGINS[origin].color}" stroke="${COLOR.paper}" stroke-width=".5">`, ...rects, '</g>'];
    }),
    `<g fill="${COLOR.text}" pointer-events="none">`,
    ...frames.flatMap((frame) => label(frame, top(frame))),
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}

const legend = ({ label, color }: (typeof ORIGINS)[Origin], x: number): string =>
  `<rect x="${x}" y="46" width="10" height="10" fill="${color}"/><text x="${x + 15}" y="55" fill="${COLOR.faint}">${label}</text>`;

const left = (from: number) => MARGIN + from * (WIDTH - 2 * MARGIN);

function rect({ flame, from, share }: Frame, top: number, totalUs: number): string {
  const [x, width] = [at(left(from)), at(left(share) - MARGIN)];
  const self = percent(totalUs === 0 ? 0 : flame.selfUs / totalUs);
  const told = escaped(`${[flame.name, flame.place].join(' ').trim()}: self ${self}, total ${percent(share)}`);
  return `<rect x="${x}" y="${top}" width="${width}" height="${ROW_HEIGHT}"><title>${told}</title></rect>`;
}

/** As much of the name as there is room for. */
function label({ flame, from, share }: Frame, top: number): readonly string[] {
  const room = Math.floor((left(share) - MARGIN - 2 * TEXT_MARGIN) / CHAR_WIDTH);
  if (room < TEXT_CHARS_MIN) return [];
  const name = labelOf(flame);
  const text = name.length <= room ? name : `${name.slice(0, room - 1)}…`;
  return [`<text x="${at(left(from) + TEXT_MARGIN)}" y="${top + FONT_SIZE + 1}">${escaped(text)}</text>`];
}

/** Without a name it is known by its file. */
const labelOf = ({ name, place }: Flame): string =>
  name === ANONYMOUS && place !== '' ? place.slice(place.lastIndexOf('/') + 1) : name;

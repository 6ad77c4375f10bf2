import type { KeptFlame } from '../flames/flame-files.ts';

const FOLDER = '../loadtest/results/flames';
/** The road of a message that nobody keeps: what all others have in common. */
const SHOWN = { load: 'no-store', service: 'edge' } as const;

/** The newest flame graphs, as a part of docs/performance.md; empty when there is none. Pure. */
export function flameLines(flames: readonly KeptFlame[]): readonly string[] {
  if (flames.length === 0) return [];
  const services = [...new Set(flames.map(({ service }) => service))].sort();
  const loads = [...new Set(flames.map(({ load }) => load))];
  const cell = (load: string, service: string) => {
    const flame = flames.find((one) => one.load === load && one.service === service);
    return flame === undefined ? '' : `[${flame.run}](${FOLDER}/${flame.name})`;
  };
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const shown = flames.find(({ load, service }) => load === SHOWN.load && service === SHOWN.service);
  return [
    '## Where the CPU goes',
    '',
    'Flame graphs of each service under each load, by `npm run bench -- --profile` and `npm run bench:presence -- --profile`: the wider a frame, the more CPU; what it calls stands on it. A frame tells its file and its share under the pointer, when the picture is opened by itself. None is drawn of less than 20 ms of CPU.',
    '',
    row(['load', ...services]),
    row(['---', ...services.map(() => '---')]),
    ...loads.map((load) => row([load, ...services.map((service) => cell(load, service))])),
    '',
    ...(shown === undefined ? [] : [`![Functions of an edge under ${SHOWN.load}](${FOLDER}/${shown.name})`, '']),
  ];
}

import { decodeEdgeBatch, decodeEnvelope, decodeNodeBatch, decodeSessionTable } from '@starling/contracts';

const LINES_MAX = 20_000;
const LINES_SHOWN = 120;

/** What has happened in a world, for whoever has to find out why it went wrong. */
export class Trace {
  readonly #lines: string[] = [];
  readonly #startMs = performance.now();

  /** What comes now is the same again and again. */
  isFull = false;

  add(text: string): void {
    if (this.isFull) return;
    this.#lines.push(`${(performance.now() - this.#startMs).toFixed(1).padStart(9)} ${text}`);
    if (this.#lines.length > LINES_MAX) this.#lines.splice(0, LINES_MAX / 10);
  }

  message(sender: string, subject: string, data: Uint8Array, isLost: boolean): void {
    const text = describe(subject, data);
    if (text !== undefined || isLost) this.add(`${isLost ? 'LOST ' : ''}${sender} > ${subject} ${text ?? ''}`);
  }

  /** The last lines that name one of these, and all that name nobody. */
  about(names: readonly string[]): string {
    const isWanted = (line: string) => !line.includes('@') || names.some((name) => line.includes(name));
    return this.#lines.filter(isWanted).slice(-LINES_SHOWN).join('\n');
  }
}

function describe(subject: string, data: Uint8Array): string | undefined {
  if (/^p\.[^.]+$/.test(subject)) {
    const { incarnation, epoch, sequence, events, states, emissions, probes, seen } = decodeNodeBatch(data);
    const words = [
      ...events.map((e) => `${e.ended ? 'ended' : `event ${e.state}`} ${e.user}/${e.resource} ${e.session} ${e.stamp}`),
      ...states.flatMap((s) =>
        s.sessions.map((e) => `state ${e.user}/${e.resource} ${e.session} ${e.stamp}${s.missed ? ' missed' : ''}`),
      ),
      ...emissions.map(wordOf),
      ...probes.map((p) => `probe by ${p.prober} of ${p.targets}`),
      ...seen.map((s) => `seen ${s.from} ${s.stamp}`),
    ];
    if (words.length === 0) return undefined;
    return `${incarnation}:${epoch}:${sequence} ${[...new Set(words)].join('; ')}`;
  }
  if (subject.startsWith('edge.')) {
    const { incarnation, epoch, sequence, emissions, wanted, missed } = decodeEdgeBatch(data);
    const asks = `${wanted.length > 0 ? ` wants ${wanted.length}` : ''}${missed ? ' missed' : ''}`;
    if (asks === '' && emissions.length === 0) return undefined;
    return `${incarnation}:${epoch}:${sequence}${asks} ${emissions.map(wordOf).join('; ')}`;
  }
  if (subject.startsWith('u.')) {
    const { user, epoch, version, rows } = decodeSessionTable(decodeEnvelope(data).stanza);
    return `table of ${user} ${epoch}:${version} ${rows.map((r) => `${r.resource} ${r.session} at ${r.edge}`)}`;
  }
  return undefined;
}

const wordOf = (e: { from: string; stamp: number; unavailable: boolean; to: readonly string[]; toSeen: boolean }) =>
  `${e.unavailable ? 'gone' : 'here'} ${e.from} ${e.stamp} to ${e.toSeen ? 'who has seen it' : e.to}`;

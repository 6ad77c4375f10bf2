import type { NatsFacts, StreamFacts } from '@starling/bus';
import { failed, judged, type Look, type Outcome, ok, warning } from './finding.ts';

/** A stream that is so full refuses messages soon: the archive does not keep up, or the database is away for long. */
const FULL_SHARE = 0.8;

/** Streams: whether they are there, as they are to be, with all their replicas, and have room. */
export const judgeNatsStreams = (look: Look<NatsFacts>, logStreams: number): Outcome =>
  judged(look, 'none: bus and log are in process', ({ hasJetStream, streams, hasMoreStreams }) => {
    if (!hasJetStream) return failed('there is no JetStream to have them');
    if (hasMoreStreams)
      return failed(`there are more streams than STARLING_LOG_STREAMS (${logStreams}): that number is fixed`);
    return judgeStreams(streams);
  });

export function judgeStreams(streams: readonly StreamFacts[]): Outcome {
  const missing = streams.filter(({ exists }) => !exists);
  if (missing.length === streams.length) return ok('not there yet: the archive makes them at its start');
  if (missing.length > 0) return failed(`${namesOf(missing)} missing: start an archive, it makes them`);
  const fixed = streams.filter(({ differences }) => differences.some((text) => text.startsWith('subjects ')));
  if (fixed.length > 0)
    return failed(`${describe(fixed)}: made for another number of streams (STARLING_LOG_STREAMS), which is fixed`);
  const lagging = streams.filter((stream) => stream.lagging.length > 0);
  const different = streams.filter(({ differences }) => differences.length > 0);
  const full = streams.filter(({ bytes, bytesMax }) => bytesMax > 0 && bytes >= bytesMax * FULL_SHARE);
  const troubles = [
    different.length > 0 && `${describe(different)} (the archive changes it at its next start)`,
    lagging.length > 0 && `replicas away or behind: ${lagging.map(laggingOf).join('; ')}`,
    full.length > 0 && `nearly full: ${full.map(fullOf).join('; ')}`,
  ].filter((trouble) => trouble !== false);
  return troubles.length > 0 ? warning(troubles.join('; ')) : ok(`${streams.length} streams, as they are to be`);
}

const namesOf = (streams: readonly StreamFacts[]): string => streams.map(({ name }) => name).join(', ');
const describe = (streams: readonly StreamFacts[]): string =>
  streams.map(({ name, differences }) => `${name}: ${differences.join(', ')}`).join('; ');
const laggingOf = ({ name, lagging }: StreamFacts): string => `${name} ${lagging.join(', ')}`;
const fullOf = ({ name, bytes, bytesMax }: StreamFacts): string => `${name} ${Math.round((100 * bytes) / bytesMax)} %`;

import type { NatsFacts } from '@starling/bus';
import { formatBytes } from '@starling/runtime';
import { failed, type Look, type Outcome, ok, warning } from './finding.ts';

/** What an envelope and headers take beside the stanza: `infra/nats/nats.conf` leaves far more. */
const OVERHEAD_BYTES = 16 * 1024;
const VERSION_MIN: Version = [2, 9];
/** Raft could lose what was acknowledged before it. */
const VERSION_REPLICAS: Version = [2, 11];
type Version = readonly [number, number];

export interface NatsWanted {
  /** STARLING_STANZA_BYTES_MAX */
  readonly stanzaBytesMax: number;
  readonly replicas: number;
  /** Without passwords. */
  readonly url: string;
}

/** Whether it answers, and is what is needed: its version, JetStream, the largest message, TLS. */
export function judgeNatsServer(look: Look<NatsFacts>, { stanzaBytesMax, replicas, url }: NatsWanted): Outcome {
  if (look === 'none') return ok('none: bus and log are in process');
  if ('error' in look) return failed(look.error);
  const { version, hasJetStream, payloadBytesMax, isTls } = look.facts;
  const text = `nats-server ${version} at ${url}, messages up to ${formatBytes(payloadBytesMax)}${isTls ? ', TLS' : ''}`;
  const wanted = replicas > 1 ? VERSION_REPLICAS : VERSION_MIN;
  if (!isAtLeast(version, wanted)) return failed(`${text}: ${replicas} replica(s) need ${wanted.join('.')} or later`);
  if (!hasJetStream) return failed(`${text}: it has no JetStream`);
  if (payloadBytesMax < stanzaBytesMax + OVERHEAD_BYTES)
    return failed(
      `${text}: max_payload is below STARLING_STANZA_BYTES_MAX (${formatBytes(stanzaBytesMax)}) and its envelope`,
    );
  return isTls || isLoopback(url) ? ok(text) : warning(`${text}: the connection is not encrypted (infra/nats)`);
}

function isAtLeast(version: string, [major, minor]: Version): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

const isLoopback = (urls: string): boolean =>
  urls.split(',').every((url) => /^(nats:\/\/)?(localhost|127\.|\[::1\])/.test(url.trim()));

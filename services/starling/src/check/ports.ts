import type { EdgeConfig } from '@starling/edge';
import type { RuntimeConfig } from '@starling/runtime';
import { clientPorts, whyPortIsNotFree } from '../ports.ts';
import { isAnswering, readRunningFile } from '../running-file.ts';
import { failed, type Outcome, ok } from './finding.ts';

export async function checkPorts(edge: EdgeConfig, { adminHost, adminPort }: RuntimeConfig): Promise<Outcome> {
  const wanted = [...clientPorts(edge), { env: 'STARLING_ADMIN_PORT', host: adminHost, port: adminPort }];
  const running = readRunningFile(edge.dataDir);
  if (running && (await isAnswering(running)))
    return ok(`in use by the running system (process ${running.running?.pid})`);
  const reasons = (await Promise.all(wanted.map(whyPortIsNotFree))).filter((reason) => reason !== undefined);
  const ports = wanted.map(({ port }) => port);
  return judgePorts(ports, reasons);
}

/** @param reasons why some of them cannot be listened on */
export function judgePorts(ports: readonly number[], reasons: readonly string[]): Outcome {
  if (reasons.length > 0) return failed(reasons.join('; '));
  return ok(`${ports.map((port) => (port === 0 ? 'any' : port)).join(', ')} are free`);
}

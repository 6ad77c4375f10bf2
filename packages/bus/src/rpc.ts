import { decodeOutcome, encodeOutcome, type Method } from '@starling/contracts';
import {
  type Bus,
  BusBusyError,
  BusClosedError,
  type Delivery,
  type Handler,
  NoRespondersError,
  RequestTimeoutError,
  RpcError,
  type Subscription,
} from './bus.ts';
import type { CalledOutcome, ServedOutcome } from './metrics.ts';

/** The condition of what nobody expected. */
const MISTAKE = 'internal-server-error';
const MS_PER_SECOND = 1_000;

/**
 * Asks a service.
 * @throws RpcError, and nothing else: with the condition that the service answered; or with `resource-constraint` when no
 * instance of it is there or the bus is busy or closed, `remote-server-timeout` when none answered in time (both are of type
 * "wait" in RFC 6120 §8.3.3, and `cause` says which it was); or with `internal-server-error` when the answer makes no sense.
 */
export async function call<Request, Reply>(
  bus: Pick<Bus, 'request' | 'calls'>,
  method: Method<Request, Reply>,
  request: Request,
  timeoutMs: number,
): Promise<Reply> {
  const startedAt = performance.now();
  let outcome: CalledOutcome = 'failed';
  try {
    const reply = await ask(bus, method, request, timeoutMs);
    outcome = 'ok';
    return reply;
  } catch (error) {
    // Policy: count and pass on.
    if (error instanceof RpcError) outcome = calledOutcomeOf(error);
    throw error;
  } finally {
    bus.calls?.called(method, outcome, (performance.now() - startedAt) / MS_PER_SECOND);
  }
}

function calledOutcomeOf({ cause, condition }: RpcError): CalledOutcome {
  if (cause instanceof RequestTimeoutError) return 'timeout';
  if (isUnavailable(cause)) return 'unavailable';
  return condition === MISTAKE ? 'failed' : 'refused';
}

async function ask<Request, Reply>(
  bus: Pick<Bus, 'request'>,
  method: Method<Request, Reply>,
  request: Request,
  timeoutMs: number,
): Promise<Reply> {
  let reply: Uint8Array;
  try {
    reply = await bus.request(method.subject, method.encodeRequest(request), timeoutMs);
  } catch (cause) {
    // Policy: this is the one place where what the bus says becomes a condition that a client understands.
    throw new RpcError(conditionOf(cause), `${method.subject}: ${cause instanceof Error ? cause.name : cause}`, {
      cause,
    });
  }
  return readReply(method, reply);
}

function conditionOf(cause: unknown): string {
  if (cause instanceof RequestTimeoutError) return 'remote-server-timeout';
  return isUnavailable(cause) ? 'resource-constraint' : MISTAKE;
}

const isUnavailable = (cause: unknown): boolean =>
  cause instanceof NoRespondersError || cause instanceof BusBusyError || cause instanceof BusClosedError;

function readReply<Request, Reply>(method: Method<Request, Reply>, bytes: Uint8Array): Reply {
  let outcome: ReturnType<typeof decodeOutcome>;
  try {
    outcome = decodeOutcome(bytes);
    if ('ok' in outcome) return method.decodeReply(outcome.ok);
  } catch (cause) {
    // Policy: bytes that are no reply are a mistake of ours, at whichever end.
    throw new RpcError(MISTAKE, `${method.subject}: the reply cannot be read`, { cause });
  }
  throw new RpcError(outcome.condition, outcome.text);
}

/**
 * Answers the requests of one method, all instances sharing them by the queue group; '': there is one instance.
 * A handler throws RpcError to answer with a condition; whatever else it throws is a mistake of ours: the asker gets
 * `internal-server-error`, and onError the rest.
 */
export function serve<Request, Reply>(
  bus: Bus,
  method: Method<Request, Reply>,
  queue: string,
  handler: Handler<Request, Reply>,
  onError: (error: unknown, subject: string) => void,
): Subscription {
  return bus.subscribe(
    method.subject,
    (delivery) => void answer(bus, method, delivery, handler, onError),
    queue === '' ? {} : { queue },
  );
}

async function answer<Request, Reply>(
  bus: Bus,
  method: Method<Request, Reply>,
  { data, replyTo }: Delivery,
  handler: Handler<Request, Reply>,
  onError: (error: unknown, subject: string) => void,
): Promise<void> {
  const startedAt = performance.now();
  let reply: Uint8Array;
  let outcome: ServedOutcome = 'ok';
  try {
    reply = encodeOutcome({ ok: method.encodeReply(await handler(method.decodeRequest(data))) });
  } catch (error) {
    // Policy: the asker always gets an answer; only what is not an RpcError is news.
    const isExpected = error instanceof RpcError;
    if (!isExpected) onError(error, method.subject);
    outcome = isExpected ? 'refused' : 'failed';
    const condition = isExpected ? error.condition : MISTAKE;
    reply = encodeOutcome({ condition, text: isExpected ? error.message : '' });
  }
  if (replyTo !== '') outcome = publishReply(bus, method, { replyTo, reply, outcome }, onError);
  bus.calls?.served(method, outcome, (performance.now() - startedAt) / MS_PER_SECOND);
}

/** An answer that no message holds is one all the same: that there was too much to say. */
function publishReply<Request, Reply>(
  bus: Bus,
  method: Method<Request, Reply>,
  { replyTo, reply, outcome }: { replyTo: string; reply: Uint8Array; outcome: ServedOutcome },
  onError: (error: unknown, subject: string) => void,
): ServedOutcome {
  try {
    bus.publish(replyTo, reply);
    return outcome;
  } catch (error) {
    // Policy: a handler bounds its answers, so this is a mistake of ours; it must not end the service.
    onError(error, method.subject);
    bus.publish(replyTo, encodeOutcome({ condition: 'resource-constraint', text: 'the answer is too large' }));
    return 'failed';
  }
}

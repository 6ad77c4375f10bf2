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

/**
 * Asks a service.
 * @throws RpcError, and nothing else: with the condition that the service answered; or with `resource-constraint` when no
 * instance of it is there or the bus is busy or closed, `remote-server-timeout` when none answered in time (both are of type
 * "wait" in RFC 6120 §8.3.3, and `cause` says which it was); or with `internal-server-error` when the answer makes no sense.
 */
export async function call<Request, Reply>(
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
  const isOperating =
    cause instanceof NoRespondersError || cause instanceof BusBusyError || cause instanceof BusClosedError;
  return isOperating ? 'resource-constraint' : 'internal-server-error';
}

function readReply<Request, Reply>(method: Method<Request, Reply>, bytes: Uint8Array): Reply {
  let outcome: ReturnType<typeof decodeOutcome>;
  try {
    outcome = decodeOutcome(bytes);
    if ('ok' in outcome) return method.decodeReply(outcome.ok);
  } catch (cause) {
    // Policy: bytes that are no reply are a mistake of ours, at whichever end.
    throw new RpcError('internal-server-error', `${method.subject}: the reply cannot be read`, { cause });
  }
  throw new RpcError(outcome.condition, outcome.text);
}

/**
 * Answers the requests of one method, all instances sharing them by the queue group.
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
  return bus.subscribe(method.subject, (delivery) => void answer(bus, method, delivery, handler, onError), { queue });
}

async function answer<Request, Reply>(
  bus: Bus,
  method: Method<Request, Reply>,
  { data, replyTo }: Delivery,
  handler: Handler<Request, Reply>,
  onError: (error: unknown, subject: string) => void,
): Promise<void> {
  let reply: Uint8Array;
  try {
    reply = encodeOutcome({ ok: method.encodeReply(await handler(method.decodeRequest(data))) });
  } catch (error) {
    // Policy: the asker always gets an answer; only what is not an RpcError is news.
    const isExpected = error instanceof RpcError;
    if (!isExpected) onError(error, method.subject);
    const condition = isExpected ? error.condition : 'internal-server-error';
    reply = encodeOutcome({ condition, text: isExpected ? error.message : '' });
  }
  if (replyTo !== '') bus.publish(replyTo, reply);
}

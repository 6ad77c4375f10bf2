import { type Bus, call, RpcError } from '@starling/bus';
import type { Method } from '@starling/contracts';
import { type Condition, isCondition, StanzaError } from '@starling/stanza';

/** The one boundary where what a service refuses becomes an error of the stanza that asked for it. @throws StanzaError */
export async function askService<Request, Reply>(
  bus: Bus,
  method: Method<Request, Reply>,
  request: Request,
  timeoutMs: number,
): Promise<Reply> {
  try {
    return await call(bus, method, request, timeoutMs);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const condition: Condition = isCondition(error.condition) ? error.condition : 'internal-server-error';
    throw new StanzaError(condition, '', { cause: error });
  }
}

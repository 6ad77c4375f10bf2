// One load process, forked by load-process.ts: carries out what it is told, and ends with the connection to whoever has started it.
import { Crowd } from './crowd.ts';
import type { Answer, Order, OrderName, Orders } from './orders.ts';

let crowd: Crowd | undefined;

const opened = (): Crowd => {
  if (crowd === undefined) throw new Error('not opened');
  return crowd;
};

const HANDLERS: { readonly [N in OrderName]: (argument: Orders[N]['argument']) => unknown } = {
  open: (options) => {
    crowd = new Crowd(options);
  },
  logIn: () => opened().logIn(),
  begin: ({ changesPerSecond }) => opened().begin(changesPerSecond),
  pause: () => opened().pause(),
  compare: ({ truth }) => opened().compare(truth),
  report: () => opened().report(),
  sideDies: ({ side }) => opened().sideDies(side),
  close: () => opened().close(),
};

async function carryOut({ id, name, argument }: Order): Promise<void> {
  const send = (answer: Answer) => process.send?.(answer);
  try {
    const handler = HANDLERS[name] as (argument: unknown) => unknown;
    send({ id, answer: await handler(argument) });
  } catch (error) {
    // Policy: whoever has told it decides.
    send({ id, error: error instanceof Error ? `${error.stack}` : String(error) });
  }
}

process.on('message', (order: Order) => void carryOut(order));
process.on('disconnect', () => process.exit());

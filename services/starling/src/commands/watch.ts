import { withOperations } from '../operations/with-operations.ts';
import { renderEvent } from '../watch/render-event.ts';
import { untilInterrupted } from './until-interrupted.ts';
import { userOf } from './user.ts';

export interface WatchOptions {
  readonly dataDir?: string | undefined;
  readonly json: boolean;
  /** Ends after so many events; 0: when it is interrupted. */
  readonly count: number;
}

/** `starling watch`: one line for whatever comes for a user, until it is interrupted. @throws CommandError */
export async function watch(name: string, { dataDir, json, count }: WatchOptions): Promise<void> {
  await withOperations(dataDir, async (operations) => {
    const user = userOf(name, operations.domain);
    await untilInterrupted(async (signal, end) => {
      let seen = 0;
      process.stderr.write(`watching ${user}; Ctrl-C ends it\n`);
      const show = (event: Parameters<typeof renderEvent>[0]) => {
        if (count > 0 && seen >= count) return;
        process.stdout.write(`${json ? JSON.stringify(event) : renderEvent(event)}\n`);
        if (++seen === count) end();
      };
      await operations.watch(user, show, signal);
    });
  });
}

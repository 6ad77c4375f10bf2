import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { CommandError, EXIT } from '../exit-codes.ts';

/** Where an export goes. */
export interface Sink {
  /** Resolves when there is room for more. */
  write(text: string): Promise<void>;
}

/**
 * Lets `work` write a file that is there only when it is whole, and readable by nobody else (XEP-0227 "Security Considerations"); without a
 * name, standard output.
 * @throws CommandError when it cannot be written
 */
export async function withSink(file: string | undefined, work: (sink: Sink) => Promise<void>): Promise<void> {
  if (file === undefined) return work(sinkOn(process.stdout));
  const draft = `${file}.part`;
  const stream = createWriteStream(draft, { mode: 0o600, flags: 'w' });
  try {
    await Promise.race([once(stream, 'open'), failed(stream, draft)]);
    await work(sinkOn(stream));
    stream.end();
    await Promise.race([once(stream, 'close'), failed(stream, draft)]);
    await rename(draft, file);
  } catch (error) {
    // Policy: half a file is none.
    stream.destroy();
    await rm(draft, { force: true });
    throw error;
  }
}

async function failed(stream: WriteStream, path: string): Promise<never> {
  const [cause] = (await once(stream, 'error')) as [Error];
  throw new CommandError(EXIT.failed, `${path} cannot be written: ${cause.message}`, { cause });
}

function sinkOn(stream: Writable): Sink {
  return {
    async write(text) {
      if (!stream.write(text)) await once(stream, 'drain');
    },
  };
}

// Loaded by --import into every Node process of a cluster that is to be profiled: SIGUSR2 starts the profiler, the next one ends it and
// writes a file named after its id. So a profile holds the load, and neither the start nor the logins.
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { PROFILE_FOLDER_VARIABLE, profileOf, SAMPLING_INTERVAL_US } from './profile-names.ts';

const folder = process.env[PROFILE_FOLDER_VARIABLE] ?? '';
const name = process.env.STARLING_ID ?? `pid-${process.pid}`;
let session: Session | undefined;

function start(): void {
  session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US });
  session.post('Profiler.start');
}

function stop(running: Session): void {
  session = undefined;
  running.post('Profiler.stop', (error, result) => {
    const file = join(folder, profileOf(name));
    // Whoever waits for the file must not see half of it.
    writeFileSync(`${file}.part`, JSON.stringify(error ? { error } : result.profile));
    renameSync(`${file}.part`, file);
    running.disconnect();
  });
}

if (folder !== '') process.on('SIGUSR2', () => (session === undefined ? start() : stop(session)));

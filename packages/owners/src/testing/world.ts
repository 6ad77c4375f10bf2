import { MemoryBus, MemoryRecords, type Records, RecordsUnavailableError, type StoredRecord } from '@starling/bus';
import { type Group, groups } from '@starling/contracts';
import { loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { ownersConfig } from '../config.ts';
import type { GroupWatch, Membership } from '../group.ts';
import { joinGroup } from '../join-group.ts';
import { watchGroup } from '../watch-group.ts';
import { type FakeClock, FakeTime } from './fake-clock.ts';
import { ProcessBus } from './process-bus.ts';

const RECORD_BYTES_MAX = 64 * 1024;

export const configOf = (env: Record<string, string> = {}) =>
  loadConfig({ owners: ownersConfig }, { env, args: [] }).owners;

/** Records as one process reaches them. */
class ProcessRecords implements Records {
  readonly #records: Records;
  isAway = false;
  /** A change is made, and its answer lost. */
  isMute = false;

  constructor(records: Records) {
    this.#records = records;
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    this.#refuse(this.isAway);
    return this.#records.get(key);
  }
  async put(key: string, value: Uint8Array, expectedRevision: number): Promise<number> {
    this.#refuse(this.isAway);
    const revision = await this.#records.put(key, value, expectedRevision);
    this.#refuse(this.isMute);
    return revision;
  }
  async keys(filter: `${string}.*`): Promise<readonly string[]> {
    this.#refuse(this.isAway);
    return this.#records.keys(filter);
  }
  async remove(key: string, expectedRevision: number): Promise<void> {
    this.#refuse(this.isAway);
    return this.#records.remove(key, expectedRevision);
  }
  async close(): Promise<void> {}

  #refuse(isRefused: boolean): void {
    if (isRefused) throw new RecordsUnavailableError('away');
  }
}

/** One process of a test's world. */
export class FakeProcess {
  readonly bus: ProcessBus;
  readonly records: ProcessRecords;
  readonly clock: FakeClock;
  readonly metrics = new MetricsRegistry();
  readonly #group: Group;

  constructor(bus: MemoryBus, records: Records, clock: FakeClock, group: Group) {
    this.bus = new ProcessBus(bus);
    this.records = new ProcessRecords(records);
    this.clock = clock;
    this.#group = group;
  }

  join(id: string, env?: Record<string, string>): Promise<Membership> {
    return joinGroup({ ...this.#options(env), id });
  }
  watch(evict: boolean): Promise<GroupWatch> {
    return watchGroup({ ...this.#options(), evict });
  }

  /** SIGSTOP. */
  pause(): void {
    this.clock.isPaused = true;
    this.bus.pause();
  }
  /** SIGCONT: what has arrived meanwhile comes before the timers. */
  resume(): void {
    this.bus.resume();
    this.clock.isPaused = false;
  }
  /** kill -9. */
  kill(): void {
    this.clock.isPaused = true;
    this.bus.cut();
  }
  /** The network is gone, and the records with it. */
  cut(): void {
    this.bus.cut();
    this.records.isAway = true;
  }
  reconnect(): void {
    this.records.isAway = false;
    this.bus.reconnect();
  }

  #options(env?: Record<string, string>) {
    const { bus, records, clock, metrics } = this;
    return { bus, records, group: this.#group, config: configOf(env), logger: silentLogger, metrics, clock };
  }
}

/** Several processes around one bus, in a time of their own. */
export class FakeWorld {
  readonly time = new FakeTime();
  readonly bus = new MemoryBus();
  records = new MemoryRecords(RECORD_BYTES_MAX);

  process(): FakeProcess {
    return new FakeProcess(this.bus, this.records, this.time.clock(), groups.presence);
  }

  /** A process that has joined. */
  async member(id: string): Promise<{ process: FakeProcess; membership: Membership }> {
    const process = this.process();
    return { process, membership: await process.join(id) };
  }
}

import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import { streamName } from '@starling/contracts';
import type { Subscription as NatsSubscription } from 'nats';
import { Fifo } from './fifo.ts';
import type { LogEntry, LogReader } from './log.ts';
import { StreamRecreatedError } from './log.ts';
import { rawOf } from './nats-client.ts';
import type { NatsLink } from './nats-link.ts';
import { asciiOf, deliveredAt, headerOf, payloadOf, type RawMessage, statusOf } from './nats-wire.ts';

// What is read ahead of its reader at most. One pull is out at a time: 1,000 entries a round trip are far more than an archive writes.
const AHEAD_MAX = 2_000;
const PULL_MAX = 1_000;
const PULL_BYTES_MAX = 8 * 1024 * 1024;
const PULL_EXPIRES_MS = 5_000;
const HEARTBEAT_MS = 500;
/** Silence that means the consumer or its server is gone: three heartbeats. */
const SILENCE_MS = 1_500;
/** The server removes the consumer of a reader that is gone. */
const INACTIVE_MS = 60_000;
const BACKOFF_MIN_MS = 50;
const BACKOFF_MAX_MS = 1_000;
const NANOS_A_MS = 1_000_000;
const IDLE_HEARTBEAT = 100;
const REQUEST_TIMEOUT = 408;
const PULL_IS_FULL = 'message size exceeds maxbytes';

/**
 * Reads one stream with ephemeral pull consumers. A consumer dies with its server, with a leader, with a long absence: whenever
 * anything looks wrong, the reader makes a new one from the sequence after the last that it has got.
 */
export class JetStreamReader implements LogReader {
  readonly #link: NatsLink;
  readonly #manager: JetStreamManager;
  readonly #stream: number;
  readonly #createdAtMs: number;
  readonly #onClose: () => void;
  readonly #ahead = new Fifo<LogEntry>();
  readonly #stopListening: () => void;
  readonly #watchdog: NodeJS.Timeout;
  #next: number;
  #lastCommittedAtMs = 0;
  #consumer: Consumer | undefined;
  #renewing = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(
    link: NatsLink,
    manager: JetStreamManager,
    stream: number,
    from: number,
    createdAtMs: number,
    onClose: () => void,
  ) {
    this.#link = link;
    this.#manager = manager;
    this.#stream = stream;
    this.#next = Math.max(1, from);
    this.#createdAtMs = createdAtMs;
    this.#onClose = onClose;
    this.#stopListening = link.onReconnect(() => this.#renew());
    this.#watchdog = setInterval(() => this.#watch(), HEARTBEAT_MS);
    this.#renew();
  }

  async next(max: number, waitMs: number): Promise<readonly LogEntry[]> {
    if (this.#ahead.length === 0 && this.#failure === undefined && !this.#closed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        this.#wake = () => {
          this.#wake = undefined;
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const entries = this.#ahead.slice(0, max);
    this.#ahead.drop(entries.length);
    if (entries.length === 0 && this.#failure !== undefined) throw this.#failure;
    this.#pull();
    return entries;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#watchdog);
    this.#stopListening();
    this.#onClose();
    this.#dropConsumer();
    this.#wake?.();
  }

  #pull(): void {
    const consumer = this.#consumer;
    if (consumer === undefined || consumer.expected > 0 || this.#ahead.length > AHEAD_MAX - PULL_MAX) return;
    consumer.expected = PULL_MAX;
    consumer.heardAtMs = Date.now();
    const request = JSON.stringify({
      batch: PULL_MAX,
      max_bytes: PULL_BYTES_MAX,
      expires: PULL_EXPIRES_MS * NANOS_A_MS,
      idle_heartbeat: HEARTBEAT_MS * NANOS_A_MS,
    });
    this.#link.outbox.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${streamName(this.#stream)}.${consumer.name}`,
      consumer.inbox,
      Buffer.from(request),
    );
  }

  #receive(consumer: Consumer, message: RawMessage): void {
    if (consumer !== this.#consumer) return; // of a consumer that was given up
    consumer.heardAtMs = Date.now();
    const at = deliveredAt(message.reply);
    if (at === undefined) {
      this.#receiveStatus(consumer, message);
      return;
    }
    if (at.consumer !== consumer.name) return;
    consumer.expected--;
    if (at.delivery !== consumer.deliveries + 1) {
      this.#renew(); // a delivery was lost on the way
      return;
    }
    consumer.deliveries = at.delivery;
    if (at.sequence < this.#next) {
      // A consumer made while the leader had not caught up begins too early: nothing is given twice. But a stream that
      // lost its tail in a power failure gives old sequences to new entries.
      if (at.committedAtMs > this.#lastCommittedAtMs && this.#lastCommittedAtMs > 0) {
        this.#fail(new StreamRecreatedError(`stream ${this.#stream} lost its end`));
      }
    } else {
      this.#next = at.sequence + 1;
      this.#lastCommittedAtMs = at.committedAtMs;
      const id = headerOf(asciiOf(message.bytes.subarray(0, Math.max(0, message.headers))), 'Nats-Msg-Id');
      this.#ahead.push({
        stream: this.#stream,
        sequence: at.sequence,
        committedAtMs: at.committedAtMs,
        id,
        data: payloadOf(message),
      });
      this.#wake?.();
    }
    if (consumer.expected === 0) this.#pull();
  }

  #receiveStatus(consumer: Consumer, message: RawMessage): void {
    const status = statusOf(message);
    if (status === IDLE_HEARTBEAT) return;
    const text = asciiOf(message.bytes).toLowerCase();
    if (status === REQUEST_TIMEOUT || text.includes(PULL_IS_FULL)) {
      consumer.expected = 0;
      this.#pull();
      return;
    }
    // Consumer deleted, no responders, leadership change, and what later versions may say.
    this.#renew();
  }

  #watch(): void {
    const consumer = this.#consumer;
    if (consumer !== undefined && consumer.expected > 0 && Date.now() - consumer.heardAtMs > SILENCE_MS) this.#renew();
  }

  #renew(): void {
    this.#dropConsumer();
    if (this.#renewing || this.#closed || this.#failure) return;
    this.#renewing = true;
    void this.#makeConsumer();
  }

  async #makeConsumer(): Promise<void> {
    for (let backoffMs = BACKOFF_MIN_MS; !this.#closed; backoffMs = Math.min(BACKOFF_MAX_MS, backoffMs * 2)) {
      try {
        const consumer = await this.#openConsumer();
        this.#renewing = false;
        if (this.#closed || this.#failure) consumer?.subscription.unsubscribe();
        else {
          this.#consumer = consumer;
          this.#pull();
        }
        return;
      } catch (error) {
        // Policy: a stream without a leader, a server that is away: tried again until the reader is closed. But a stream that
        // is not the same any more ends the reader.
        if (error instanceof StreamRecreatedError) {
          this.#renewing = false;
          this.#fail(error);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, backoffMs));
      }
    }
    this.#renewing = false;
  }

  async #openConsumer(): Promise<Consumer | undefined> {
    const name = streamName(this.#stream);
    const info = await this.#manager.consumers.add(name, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#next,
      inactive_threshold: INACTIVE_MS * NANOS_A_MS,
      max_waiting: 8,
      mem_storage: true,
      num_replicas: 1,
    });
    // Asked behind the making: a stream that is made anew in between has taken the consumer with it.
    const { created } = await this.#manager.streams.info(name);
    if (Date.parse(created) !== this.#createdAtMs) throw new StreamRecreatedError(`${name} was made anew`);
    const inbox = this.#link.newInbox();
    const consumer: Consumer = {
      name: info.name,
      inbox,
      expected: 0,
      deliveries: 0,
      heardAtMs: Date.now(),
      subscription: this.#link.connection.subscribe(inbox, {
        callback: (error, message) => {
          if (error) this.#link.report(error);
          else this.#receive(consumer, rawOf(message));
        },
      }),
    };
    return consumer;
  }

  #dropConsumer(): void {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    if (consumer === undefined || this.#link.isClosed) return;
    consumer.subscription.unsubscribe();
    // Policy: the server removes it anyway after a while.
    this.#manager.consumers.delete(streamName(this.#stream), consumer.name).catch(() => {});
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#dropConsumer();
    this.#wake?.();
  }
}

interface Consumer {
  readonly name: string;
  readonly inbox: string;
  readonly subscription: NatsSubscription;
  /** Messages that the pull under way may still bring. */
  expected: number;
  /** Messages that this consumer has delivered. */
  deliveries: number;
  heardAtMs: number;
}

import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { type ConfigOf, hashUser } from '@starling/runtime';
import type { traceConfig } from './config.ts';
import { readTraceparent, writeTraceparent } from './traceparent.ts';

/** Names and numbers: never a body; addresses by `user`. */
export type TraceAttributes = Readonly<Record<string, string | number | boolean>>;

/** One part of a stanza's way, from its beginning on. */
export interface Hop {
  /** For the envelope: what comes behind this hop belongs to it. */
  readonly traceparent: Uint8Array;
  /** @param failure why it did not go on */
  end(attributes?: TraceAttributes, failure?: string): void;
}

export interface TracerOptions {
  readonly config: ConfigOf<typeof traceConfig>;
  readonly service: string;
  readonly id: string;
  /** Whether addresses stand in traces as they are, or as their hash, as in logs. */
  readonly users: 'hash' | 'plain';
}

const MILLION = 1_000_000;
/** Hops in one request to the collector. */
const BATCH_MAX = 512;

/** Undefined where traces go nowhere: then nothing has to be asked, and nothing costs anything. */
export function openTracer(options: TracerOptions): Tracer | undefined {
  return options.config.url === '' ? undefined : new Tracer(options);
}

/** Decides which stanzas are traced, where they come in, and tells a collector of their hops. */
export class Tracer {
  readonly #provider: TracerProvider;
  readonly #tracer;
  readonly #share: number;
  readonly #watched: ReadonlySet<string>;
  readonly #arePlain: boolean;

  constructor({ config, service, id, users }: TracerOptions) {
    const { url, timeoutMs, queueMax, intervalMs } = config;
    const exporter = new OTLPTraceExporter({ url, timeoutMillis: timeoutMs });
    const processor = new BatchSpanProcessor({
      exporter,
      maxQueueSize: queueMax,
      maxExportBatchSize: Math.min(queueMax, BATCH_MAX),
      scheduledDelayMillis: intervalMs,
      exportTimeoutMillis: timeoutMs,
    });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': `starling-${service}`, 'service.instance.id': id }),
      // What is begun is wanted: the choice is made before.
      sampler: new AlwaysOnSampler(),
      spanProcessors: [processor],
    });
    this.#tracer = this.#provider.getTracer('starling');
    this.#share = config.perMillion / MILLION;
    this.#watched = new Set(
      config.users
        .split(',')
        .map((user) => user.trim())
        .filter((user) => user !== ''),
    );
    this.#arePlain = users === 'plain';
  }

  /** Where a stanza comes in. Undefined: this one is not traced. */
  begin(name: string, from: string, to: string): Hop | undefined {
    const isWatched = this.#watched.size > 0 && (this.#watched.has(from) || this.#watched.has(to));
    if (!isWatched && Math.random() >= this.#share) return undefined;
    return this.#hop(name, ROOT_CONTEXT, SpanKind.SERVER, Date.now());
  }

  /** A hop behind another one. Undefined: the stanza is not traced. */
  follow(name: string, traceparent: Uint8Array | undefined, startedAtMs = Date.now()): Hop | undefined {
    const before = traceparent && traceparent.length > 0 ? readTraceparent(traceparent) : undefined;
    if (before === undefined) return undefined;
    return this.#hop(name, trace.setSpanContext(ROOT_CONTEXT, before), SpanKind.CONSUMER, startedAtMs);
  }

  /** How an address stands in a trace. */
  user(jid: string): string {
    return this.#arePlain ? jid : hashUser(jid);
  }

  /** Sends what waits. */
  async close(): Promise<void> {
    // Policy: what no collector takes is dropped; nobody waits for it.
    await this.#provider.shutdown().catch(() => undefined);
  }

  #hop(name: string, parent: Context, kind: SpanKind, startTime: number): Hop {
    const span: Span = this.#tracer.startSpan(name, { kind, startTime }, parent);
    return {
      traceparent: writeTraceparent(span.spanContext()),
      end: (attributes = {}, failure) => {
        for (const [key, value] of Object.entries(attributes)) span.setAttribute(`starling.${key}`, value);
        if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
        span.end();
      },
    };
  }
}

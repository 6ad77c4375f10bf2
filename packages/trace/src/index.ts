export { traceConfig } from './config.ts';
export { type Hop, openTracer, type TraceAttributes, type Tracer } from './tracer.ts';

export * from './bus.ts';
export { type BusConfig, busConfig } from './config.ts';
export { inspectNats, type NatsFacts, type StreamFacts } from './inspect-nats.ts';
export { JetStreamLog, type JetStreamLogOptions } from './jetstream-log.ts';
export { JetStreamRecords, type JetStreamRecordsOptions } from './jetstream-records.ts';
export * from './log.ts';
export { MemoryBus, type MemoryBusOptions } from './memory-bus.ts';
export { MemoryLog, type MemoryLogOptions } from './memory-log.ts';
export { MemoryRecords } from './memory-records.ts';
export type { StreamStart } from './memory-stream.ts';
export { type AppendObserver, type BusMetrics, busMetrics, type CallObserver, rpcMetrics } from './metrics.ts';
export { NatsBus } from './nats-bus.ts';
export { type LinkEvent, NatsLink, type NatsLinkOptions } from './nats-link.ts';
export { type OpenBusOptions, type OpenLogOptions, openBus, openLog } from './open-bus.ts';
export { type OpenRecordsOptions, openAccountCopies, openRecords, openSessionRecords } from './open-records.ts';
export {
  answerReports,
  gatherReports,
  type ReceivedReport,
  type ReportOptions,
} from './process-reports.ts';
export * from './records.ts';
export { RepeatedCalls, type RepeatedCallsOptions } from './repeated-calls.ts';
export { call, serve } from './rpc.ts';

export * from './bus.ts';
export * from './jetstream-log.ts';
export * from './log.ts';
export * from './memory-bus.ts';
export * from './memory-log.ts';
export * from './nats-bus.ts';
export { type LinkEvent, NatsLink, type NatsLinkOptions } from './nats-link.ts';
export * from './rpc.ts';

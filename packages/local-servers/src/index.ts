export * from './child.ts';
export * from './cluster-nats-server.ts';
export * from './free-ports.ts';
export * from './nats-server.ts';
export * from './orphan-guard.ts';
export * from './postgres.ts';

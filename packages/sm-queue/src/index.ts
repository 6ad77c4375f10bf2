export * from './ack-queue.ts';
export * from './counter.ts';

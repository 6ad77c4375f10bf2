export * from '@starling/local-servers/nats-server';

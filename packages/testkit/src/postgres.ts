export * from '@starling/local-servers/postgres';

export * from './define-feature.ts';
export * from './disco.ts';
export { DiscoNodes } from './disco-nodes.ts';
export * from './hooks.ts';
export * from './host-features.ts';
export * from './http-table.ts';
export * from './iq-table.ts';
export * from './session.ts';
export * from './stream-limits.ts';

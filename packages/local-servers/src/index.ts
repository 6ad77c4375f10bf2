export * from './child.ts';
export * from './orphan-guard.ts';

export * from './measure-part.ts';
export * from './part-line.ts';

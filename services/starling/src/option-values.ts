import { parseDurationMs } from '@starling/runtime';
import { InvalidArgumentError } from 'commander';

/** Reads the value of an option that is a duration, in ms. */
export const duration = (minMs: number) => (text: string) => {
  const value = parseDurationMs(text);
  if (value === undefined || value < minMs)
    throw new InvalidArgumentError(`a duration of at least ${minMs} ms: 2s, 5m`);
  return value;
};

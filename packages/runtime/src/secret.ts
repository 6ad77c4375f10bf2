import { inspect } from 'node:util';

const HIDDEN = '***';

/** A value that must not reach a log, an error or a screen: however it is printed, it shows ***. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  /** The value itself: call it where the value is used, and keep the result no longer than that. */
  reveal(): string {
    return this.#value;
  }
  /** Whether nothing was configured. */
  get isEmpty(): boolean {
    return this.#value === '';
  }
  toString(): string {
    return HIDDEN;
  }
  toJSON(): string {
    return HIDDEN;
  }
  [inspect.custom](): string {
    return HIDDEN;
  }
}

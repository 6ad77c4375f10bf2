// k6/metrics, as far as the scripts of loadtest/k6 use it.
import { samples } from './registry.ts';

class Metric {
  readonly #values: number[];

  constructor(name: string, kind: 'counter' | 'trend') {
    const found = samples.get(name) ?? { kind, values: [] };
    samples.set(name, found);
    this.#values = found.values;
  }

  add(value: number): void {
    this.#values.push(value);
  }
}

export class Counter extends Metric {
  constructor(name: string) {
    super(name, 'counter');
  }
}

export class Trend extends Metric {
  constructor(name: string) {
    super(name, 'trend');
  }
}

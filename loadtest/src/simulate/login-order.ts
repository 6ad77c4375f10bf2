/** An order of the numbers below `count` that looks like none, of which nothing has to be kept. */
export class ScatteredOrder {
  readonly #count: number;
  readonly #step: number;
  readonly #back: number;

  constructor(count: number) {
    this.#count = count;
    // About the golden ratio, so that neighbours in the order are far apart.
    let step = Math.max(1, Math.floor(count * 0.618));
    while (inverseOf(step, count) === undefined) step++;
    this.#step = step;
    this.#back = inverseOf(step, count) ?? 1;
  }

  /** The number at this place. */
  at(place: number): number {
    return (place * this.#step) % this.#count;
  }

  placeOf(number: number): number {
    return (number * this.#back) % this.#count;
  }
}

/** Of a number by which every other one below `modulus` is a multiple of it; undefined when it is not such a one. Extended Euclid. */
function inverseOf(number: number, modulus: number): number | undefined {
  let [rest, next] = [modulus, number % modulus];
  let [factor, nextFactor] = [0, 1];
  while (next > 0) {
    const times = Math.floor(rest / next);
    [rest, next] = [next, rest - times * next];
    [factor, nextFactor] = [nextFactor, factor - times * nextFactor];
  }
  return rest === 1 ? ((factor % modulus) + modulus) % modulus : undefined;
}

/** The figures of one metric, under the names that k6 has for them: `count`, `avg`, `p(95)` … */
export type Figures = Readonly<Record<string, number>>;

const RULE = /^\s*([a-z]+(?:\(\d+(?:\.\d+)?\))?)\s*(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/;
const PERCENTILE = /^p\((\d+(?:\.\d+)?)\)$/;

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

/** Whether a threshold holds, as k6 writes it: `p(95)<500`. @throws RangeError when it is none */
export function holds(rule: string, figureOf: (name: string) => number): boolean {
  const [, name = '', operator = '', bound = ''] = RULE.exec(rule) ?? [];
  const compare = COMPARE[operator];
  if (compare === undefined) throw new RangeError(`'${rule}' is no threshold`);
  return compare(figureOf(name), Number(bound));
}

/** Of a counter. */
export const countOf = (values: readonly number[]): Figures => ({
  count: values.reduce((sum, value) => sum + value, 0),
});

/** Of a trend; what nobody has added to has no time. */
export function trendFigure(sorted: readonly number[], name: string): number {
  const [, share] = PERCENTILE.exec(name) ?? [];
  if (share !== undefined) return percentile(sorted, Number(share) / 100);
  if (name === 'med') return percentile(sorted, 0.5);
  if (name === 'count') return sorted.length;
  if (name === 'min') return sorted[0] ?? 0;
  if (name === 'max') return sorted.at(-1) ?? 0;
  if (name === 'avg') return sorted.reduce((sum, value) => sum + value, 0) / Math.max(1, sorted.length);
  throw new RangeError(`'${name}' is no figure of a trend`);
}

/** Even between two neighbours, as k6 has it. */
function percentile(sorted: readonly number[], share: number): number {
  const place = share * Math.max(0, sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
  return low + (high - low) * (place - Math.floor(place));
}

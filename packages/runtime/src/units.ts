const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};
const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Largest first, so that 262144 is written 256KiB and 90000 is written 90s. */
const BYTE_UNITS_WRITTEN = ['GiB', 'MiB', 'KiB'] as const;
const DURATION_UNITS_WRITTEN = ['d', 'h', 'm', 's'] as const;

function parseAmount(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d{1,15}) ?([A-Za-z]*)$/.exec(text.trim());
  const factor = match ? units[match[2] ?? ''] : undefined;
  if (!match || factor === undefined) return undefined;
  const amount = Number(match[1]) * factor;
  return Number.isSafeInteger(amount) ? amount : undefined;
}

/** '256KiB' → 262144. Units B, kB, MB, GB, KiB, MiB, GiB; none means bytes. Undefined when it is no size. */
export const parseBytes = (text: string): number | undefined => parseAmount(text, BYTE_UNITS);

/** '25s' → 25000 (ms). Units ms, s, m, h, d; a bare number is refused, save 0, since nobody can tell its unit. */
export const parseDurationMs = (text: string): number | undefined =>
  text.trim() === '0' ? 0 : parseAmount(text, DURATION_UNITS);

function formatAmount(
  amount: number,
  units: Readonly<Record<string, number>>,
  written: readonly string[],
  rest: string,
) {
  for (const unit of written) {
    const factor = units[unit] ?? 1;
    if (amount >= factor && amount % factor === 0) return `${amount / factor}${unit}`;
  }
  return `${amount}${rest}`;
}

/** The shortest exact text that parseBytes reads back. */
export const formatBytes = (bytes: number): string => formatAmount(bytes, BYTE_UNITS, BYTE_UNITS_WRITTEN, '');

/** The shortest exact text that parseDurationMs reads back. */
export const formatDurationMs = (ms: number): string => formatAmount(ms, DURATION_UNITS, DURATION_UNITS_WRITTEN, 'ms');

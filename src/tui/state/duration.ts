// Lifetimes as people type them: `90s`, `30m`, `2h`, `1d`, `1h30m`, or `never`.

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** A policy made by hand that should live longer than this is better written as a file. */
const longestMs = 365 * 86_400_000;

/** Milliseconds, `never`, or undefined when the text is no lifetime. */
export function parseLifetime(text: string): number | 'never' | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === 'never' || trimmed === 'off') return 'never';
  if (!/^(\d{1,6}[smhd]){1,4}$/.test(trimmed)) return undefined;
  let total = 0;
  for (const [, amount, unit] of trimmed.matchAll(/(\d+)([smhd])/g))
    total += Number(amount) * (unitMs[unit ?? ''] ?? 0);
  return total > 0 && total <= longestMs ? total : undefined;
}

/** The shortest spelling: `30m`, `1h30m`, `45s`. */
export function lifetimeText(ms: number): string {
  let rest = Math.max(1, Math.round(ms / 1000));
  let text = '';
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text;
}

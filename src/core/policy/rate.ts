// `20/s` as numbers. Knows no bucket.

const periods: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** `count` tokens in each `periodMs`. */
export interface Rate {
  /** Tokens per period. */
  readonly count: number;
  readonly periodMs: number;
}

/** A rate the schema has accepted. Throws on any other text: our bug. */
export function parseRate(text: string): Rate {
  const [count = '', unit = ''] = text.split('/');
  const periodMs = periods[unit];
  if (periodMs === undefined || !/^[1-9][0-9]*$/.test(count)) throw new Error(`not a rate: ${text}`);
  return { count: Number(count), periodMs };
}

// Epoch milliseconds as RFC 3339 text, remembering the second: a busy agent formats the same one thousands of times.

/** Formats epoch ms (fractions cut off) as `2026-11-23T01:02:03.004Z`. */
export function createClockText(): (epochMs: number) => string {
  let second = Number.NaN;
  let prefix = '';
  return (epochMs) => {
    const whole = Math.floor(epochMs / 1000);
    if (whole !== second) {
      second = whole;
      prefix = new Date(whole * 1000).toISOString().slice(0, -4);
    }
    const rest = Math.floor(epochMs) - whole * 1000;
    return `${prefix}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
  };
}

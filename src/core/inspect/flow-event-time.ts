// Epoch milliseconds as RFC 3339 text and back, remembering the second: a busy agent formats the same one thousands of times.

/** Formats epoch ms (fractions cut off) as `2026-11-23T01:02:03.004Z`; the same millisecond is the same string. */
export function createClockText(): (epochMs: number) => string {
  let last = Number.NaN;
  let text = '';
  const format = createFormat();
  return (epochMs) => {
    const whole = Math.floor(epochMs);
    if (whole !== last) text = format((last = whole));
    return text;
  };
}

function createFormat(): (epochMs: number) => string {
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

/** Characters of `2026-11-23T01:02:03.`, and of the whole text with three digits and the `Z`. */
const prefixChars = 20;
const wholeChars = 24;

const digitAt = (text: string, index: number): number => text.charCodeAt(index) - 48;

/** Reads RFC 3339 text as epoch ms, NaN when it is none; texts of the same second cost no parsing. */
export function createTimeReader(): (text: string) => number {
  let prefix = '\n';
  let prefixMs = Number.NaN;
  return (text) => {
    if (text.length !== wholeChars) return Date.parse(text);
    if (text.startsWith(prefix)) {
      const [hundreds, tens, ones] = [digitAt(text, 20), digitAt(text, 21), digitAt(text, 22)];
      const isPlain = isDigit(hundreds) && isDigit(tens) && isDigit(ones) && text.charCodeAt(23) === 90;
      if (isPlain) return prefixMs + hundreds * 100 + tens * 10 + ones;
    }
    const epochMs = Date.parse(text);
    const millisecond = Number(text.slice(prefixChars, prefixChars + 3));
    if (text.charCodeAt(wholeChars - 1) === 90 && millisecond === ((epochMs % 1000) + 1000) % 1000) {
      prefix = text.slice(0, prefixChars);
      prefixMs = epochMs - millisecond;
    }
    return epochMs;
  };
}

const isDigit = (value: number): boolean => value >= 0 && value <= 9;

/** Milliseconds between two moments to three decimals; a clock that stepped back gives 0. */
export const elapsed = (from: number, to: number): number =>
  Math.max(0, Math.round((to - from) * 1000) / 1000);

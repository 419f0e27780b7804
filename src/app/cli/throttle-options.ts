// `throttle --rate --burst --key`, judged before anybody is asked anything.
import { AppError } from '../../core/model/app-error.ts';
import {
  isThrottleKey,
  maxKeyParts,
  throttleKeys,
  type ThrottleKey,
} from '../../core/policy/action-schema.ts';
import { numberOption, textOption } from './option-values.ts';
import type { OptionValues } from './verbs.ts';

/** Requests at once, as the policy's schema bounds them. */
const mostBurst = 1_000_000_000;

/** What the options say of a throttle; absent fields take the draft's defaults. */
export interface ThrottleOptions {
  /** Requests per s, m or h: `20/s`. */
  readonly rate?: string;
  /** Requests at once before the rate holds. */
  readonly burst?: number;
  /** What shares one bucket. */
  readonly key?: readonly ThrottleKey[];
}

/** @throws AppError (usage) for a rate, a burst or a key that no policy takes. */
export function throttleOptions(options: OptionValues): ThrottleOptions {
  const rate = textOption(options, 'rate');
  const burst = numberOption(options, 'burst', { min: 1, max: mostBurst });
  const key = textOption(options, 'key');
  if (rate !== undefined && !/^[1-9]\d{0,8}\/[smh]$/.test(rate))
    throw new AppError({
      code: 'RATE',
      family: 'usage',
      message: `--rate "${rate}" is not a rate: a whole number of requests per s, m or h.`,
      hint: 'Write --rate 20/s, 600/m or 1000/h.',
    });
  return {
    ...(rate === undefined ? {} : { rate }),
    ...(burst === undefined ? {} : { burst }),
    ...(key === undefined ? {} : { key: keyOf(key) }),
  };
}

const keyParts = `${throttleKeys.join(', ')} or header:NAME`;

/** `principal,route` → its parts; header names in lower case, as the policy compares them. */
function keyOf(text: string): readonly ThrottleKey[] {
  const parts = text.split(',').map((part) => part.trim());
  const key = parts
    .map((part) => (/^header:/i.test(part) ? part.toLowerCase() : part))
    .map((part) => (isThrottleKey(part) ? part : badKey(`--key "${text}": "${part}" is no part of a key.`)));
  if (key.length > maxKeyParts)
    badKey(`--key "${text}" has ${key.length} parts; a key takes at most ${maxKeyParts}.`);
  const twice = key.find((part, at) => key.indexOf(part) !== at);
  if (twice !== undefined) badKey(`--key "${text}" names ${twice} twice.`);
  return key;
}

/** @throws always. */
function badKey(message: string): never {
  throw new AppError({
    code: 'THROTTLE_KEY',
    family: 'usage',
    message,
    hint: `Join parts by commas: ${keyParts}; for example --key principal,route.`,
  });
}

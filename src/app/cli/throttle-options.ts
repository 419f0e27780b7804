// `throttle --rate --burst`, judged before anybody is asked anything.
import { AppError } from '../../core/model/app-error.ts';
import { numberOption, textOption } from './option-values.ts';
import type { OptionValues } from './verbs.ts';

/** Requests at once, as the policy's schema bounds them. */
const mostBurst = 1_000_000_000;

/** @throws AppError (usage) for a rate or a burst that no policy takes. */
export function throttleOptions(options: OptionValues): { readonly rate?: string; readonly burst?: number } {
  const rate = textOption(options, 'rate');
  const burst = numberOption(options, 'burst', { min: 1, max: mostBurst });
  if (rate !== undefined && !/^[1-9]\d{0,8}\/[smh]$/.test(rate))
    throw new AppError({
      code: 'RATE',
      family: 'usage',
      message: `--rate "${rate}" is not a rate: a whole number of requests per s, m or h.`,
      hint: 'Write --rate 20/s, 600/m or 1000/h.',
    });
  return { ...(rate === undefined ? {} : { rate }), ...(burst === undefined ? {} : { burst }) };
}

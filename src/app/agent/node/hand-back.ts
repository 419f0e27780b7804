// The end of an agent that has overtaken another: pods that the earlier start waits for are handed over while everything goes on, so that an
// upgrade that is rolled back leaves no moment without judgement. Bounded: who waits may have died since. Knows no rule.
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../../core/model/app-error.ts';
import { reasonOf, type Place } from './places.ts';

/** What handing back works with. */
export interface HandBackOptions {
  /** An earlier start has this pod: as with any that was overtaken, what we carry may end by itself. */
  readonly onTaken: (place: Place) => Promise<void>;
  readonly onNotice: (sentence: string) => void;
  /** Milliseconds that never jump. */
  readonly now: () => number;
}

/** So long an earlier start has to take what is offered, ms; it looks twice a second, more seldom where it has many pods. */
const offeredMs = 4_000;
/** Between two looks whether it has, ms. */
const lookEveryMs = 20;

/** Asks the rules of a pod; what fails is told, and the answer is no. */
function answers(
  { pod, gears }: Place,
  question: 'offer' | 'isTaken',
  { onNotice }: HandBackOptions,
): boolean {
  try {
    return gears?.offering[question]() ?? false;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    onNotice(`${pod.id}: ${reasonOf(error)}.`);
    return false;
  }
}

/** Offers the pods that somebody waits for; resolves when each is taken, or ours again. Whatever is not taken is as before. */
export async function handBack(places: readonly Place[], options: HandBackOptions): Promise<void> {
  const { onTaken, onNotice, now } = options;
  const isTaken = (place: Place): boolean => answers(place, 'isTaken', options);
  let offered = places.filter((place) => answers(place, 'offer', options));
  const untilMs = now() + offeredMs;
  while (offered.length > 0 && now() < untilMs) {
    const taken = offered.filter(isTaken);
    offered = offered.filter((place) => !taken.includes(place));
    await Promise.all(taken.map(onTaken));
    if (offered.length > 0) await pause(lookEveryMs);
  }
  for (const place of offered) {
    try {
      place.gears?.offering.reclaim();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (isTaken(place)) await onTaken(place);
      else onNotice(`${place.pod.id}: ${reasonOf(error)}.`);
    }
  }
}

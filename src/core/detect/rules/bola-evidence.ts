// What speaks for enumeration of other people's objects, each worth points: refusals, other credentials' reach, ids that were
// never handed out, the caller's own history, what else was found on it. Reading many objects alone is worth nothing: batch jobs do.
import type { Facts } from '../facts.ts';
import type { Measure, Peers, View } from '../measure.ts';

/** Ids asked for with one credential. */
export const objects: Measure = {
  id: 'bola.objects',
  scope: 'subjectRoute',
  kind: 'distinct',
  value: ({ object }) => object?.id,
};
const guesses: Measure = {
  id: 'bola.guesses',
  scope: 'subjectRoute',
  kind: 'distinct',
  value: ({ object, guessed }) => (guessed ? object?.id : undefined),
};
const walk: Measure = {
  id: 'bola.walk',
  scope: 'subjectRoute',
  kind: 'run',
  value: ({ object }) => object?.number,
};
/** The same over all credentials of a caller: tokens that are changed with every request hide nothing. */
export const allObjects: Measure = {
  id: 'bola.all-objects',
  scope: 'callerRoute',
  kind: 'distinct',
  value: ({ object }) => object?.id,
};
const forbidden: Measure = {
  id: 'bola.forbidden',
  scope: 'callerRoute',
  kind: 'distinct',
  value: ({ object, refused, status }) => (refused && status !== 404 ? object?.id : undefined),
};
const absent: Measure = {
  id: 'bola.absent',
  scope: 'callerRoute',
  kind: 'distinct',
  value: ({ object, refused, status }) => (refused && status === 404 ? object?.id : undefined),
};
const requests: Measure = {
  id: 'bola.requests',
  scope: 'callerRoute',
  kind: 'count',
  value: ({ object }) => (object === undefined ? 0 : 1),
};

/** What the rule counts per caller: distinct objects, runs of neighbours, refusals. */
export const bolaMeasures: readonly Measure[] = [
  objects,
  guesses,
  walk,
  allObjects,
  forbidden,
  absent,
  requests,
];

/** Different ids before anything is judged. */
export const fewestObjects = 12;
/** Refused ids that count, and their share of all ids asked for. */
const fewestRefused = 8;
const refusedShare = 0.25;
/** Without refusals it takes more. */
const manyObjects = 20;
/** Requests per id up to which each was asked for once. */
const touchedOnce = 1.2;
const guessedShare = 0.8;
/** How much further than the others, or than usual, is far. */
const farFactor = 8;
const spikeFactor = 4;
/** A habit needs this many minutes to be one. */
const fewestWindows = 10;
/** Ids one after the other. */
const longWalk = 12;
/** Ids beyond which a reader without any evidence against it is at least mentioned. */
const bulkObjects = 60;
/** Other credentials that make a comparison. */
const fewestPeers = 3;

/** The figures a verdict of the rule rests on. */
export interface Evidence {
  /** Ids of this credential, and of all credentials of the caller. */
  readonly distinct: number;
  readonly all: number;
  readonly refused: number;
  readonly points: number;
  /** True when something is there that reading many objects alone does not bring with it. */
  readonly isTelling: boolean;
  /** Far beyond what others with their own credential read. */
  readonly isFar: boolean;
  /** Far, of a caller that asks on its own account and did not do so before. */
  readonly isBulk: boolean;
  readonly reasons: readonly string[];
}

interface Row {
  readonly points: number;
  readonly isTelling: boolean;
  readonly says: string;
  readonly holds: (facts: Facts, view: View, distinct: number) => boolean;
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** `peers` is asked only where the number alone is not too small already. */
function isFarFrom(peers: (measure: Measure) => Peers, distinct: number): boolean {
  if (distinct < manyObjects) return false;
  const { count, p90 } = peers(objects);
  return count >= fewestPeers && distinct >= farFactor * Math.max(1, p90);
}

const rows: readonly Row[] = [
  {
    points: 3,
    isTelling: true,
    says: 'many were forbidden',
    holds: (_facts, view) => {
      const refused = view.distinct(forbidden);
      return refused >= fewestRefused && share(refused, view.distinct(allObjects)) >= refusedShare;
    },
  },
  {
    // Asked for once each: a client that creates what is missing asks again.
    points: 1,
    isTelling: true,
    says: 'many do not exist',
    holds: (_facts, view) => {
      const refused = view.distinct(absent);
      return (
        refused >= fewestRefused &&
        share(refused, view.distinct(allObjects)) >= refusedShare &&
        view.count(requests) <= view.distinct(allObjects) * touchedOnce
      );
    },
  },
  {
    // A job may have its ids from a database; a person has them from what the services show.
    points: 3,
    isTelling: true,
    says: "with a person's credential, and no service had handed these ids out to it",
    holds: ({ relays, personal }, view, distinct) =>
      personal &&
      !relays &&
      distinct >= manyObjects &&
      share(view.distinct(guesses), distinct) >= guessedShare,
  },
  {
    points: 3,
    isTelling: true,
    says: 'other credentials of the same caller reach only a few',
    holds: (_facts, view, distinct) => isFarFrom((measure) => view.siblings(measure), distinct),
  },
  {
    points: 2,
    isTelling: true,
    says: 'it never asked for so many before',
    holds: (_facts, view, distinct) => {
      if (distinct < manyObjects || view.learning) return false;
      const usual = view.usual(objects);
      return (
        usual.windows >= fewestWindows &&
        distinct >= spikeFactor * Math.max(1, usual.highest) &&
        view.run(walk) >= longWalk
      );
    },
  },
  {
    points: 2,
    isTelling: true,
    says: 'other attacks came from it',
    holds: (_facts, view) => view.suspected > 0,
  },
  {
    points: 1,
    isTelling: false,
    says: 'one after the other',
    holds: (_facts, view) => view.run(walk) >= longWalk,
  },
];

/** Weighs what was seen of the credential and the caller of this flow. */
export function weigh(facts: Facts, view: View): Evidence {
  const distinct = view.distinct(objects);
  const isFar = isFarFrom((measure) => view.peers(measure), distinct);
  const held = rows.filter((row) => row.holds(facts, view, distinct));
  return {
    distinct,
    all: view.distinct(allObjects),
    refused: view.distinct(forbidden) + view.distinct(absent),
    points: held.reduce((sum, row) => sum + row.points, isFar ? 1 : 0),
    isTelling: held.some((row) => row.isTelling),
    isFar,
    isBulk: isFar && !facts.relays && distinct >= bulkObjects && distinct > 2 * view.usual(objects).highest,
    reasons: held.map((row) => row.says),
  };
}

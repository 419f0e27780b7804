// BOLA enumeration (OWASP API1): somebody walks the ids of objects that are not theirs. The hard part is not to accuse those who may
// read many objects: services in between, gateways with many users, nightly jobs. See bola-evidence.ts for what counts.
import type { Severity } from '../../model/event.ts';
import { series, together, tokenOf } from '../example.ts';
import type { Rule } from '../rule.ts';
import { bolaMeasures, fewestObjects, weigh, type Evidence, objects, allObjects } from './bola-evidence.ts';

function severityOf({ points, isTelling, isBulk }: Evidence): Severity | undefined {
  if (isTelling && points >= 4) return 'high';
  if (isTelling && points === 3) return 'medium';
  return isTelling || isBulk ? 'info' : undefined;
}

const confidences: Readonly<Partial<Record<Severity, number>>> = { high: 0.9, medium: 0.65, info: 0.3 };
const own = tokenOf(999);
/** A page of ids as a service hands it out. */
const page = (first: number): string =>
  JSON.stringify({ orders: Array.from({ length: 20 }, (_, index) => ({ id: first + index })) });

/** A caller goes through objects of one kind one after the other (OWASP API1:2023). */
export const bolaEnumeration: Rule = {
  id: 'bola-enumeration',
  title: "Enumeration of other people's objects",
  severity: 'high',
  confidence: 0.9,
  tags: ['API1:2023', 'T1119', 'T1087'],
  about: 'route',
  baseline: true,
  measures: bolaMeasures,
  prefilter: ({ object }) => object !== undefined,
  test: (facts, view) => {
    if (view.distinct(objects) < fewestObjects && view.distinct(allObjects) < fewestObjects) return undefined;
    const evidence = weigh(facts, view);
    const severity = severityOf(evidence);
    if (severity === undefined) return undefined;
    return {
      severity,
      confidence: confidences[severity] ?? 0.5,
      ...(evidence.isTelling ? {} : { title: 'Bulk read, nothing else against it' }),
      seen: {
        distinct: Math.max(evidence.distinct, evidence.all),
        refused: evidence.refused,
        reasons: [...evidence.reasons, ...(evidence.isFar ? ['far more than its peers'] : [])].join('; '),
      },
    };
  },
  why: ({ caller, method, route }, { distinct = 0, refused = 0, reasons = '' }) =>
    `${caller} asked ${method} ${route} for ${distinct} different ids within a minute, ${refused} of them refused: ${reasons}.`,
  fix: 'Make the service check that the object belongs to the caller; until then block or throttle the caller on this route.',
  suggestion: ({ method, route }, { severity }) => {
    const paths = route.startsWith('/') ? { paths: [route.split('?', 1)[0] ?? route] } : {};
    if (severity === 'info') return undefined;
    return severity === 'high'
      ? { action: 'block', methods: [method], ...paths }
      : { action: 'throttle', methods: [method], ...paths, rate: '20/m' };
  },
  matches: [
    {
      says: 'one token walks ids and is forbidden most of them',
      flows: () =>
        series(40, { everyMs: 100 }, (index) => ({
          from: 'thief',
          path: `/users/${100 + index}`,
          token: own,
          status: index % 10 === 0 ? 200 : 403,
        })),
    },
    {
      says: 'one token behind a gateway reads everything while its siblings read their own',
      flows: () =>
        together(
          series(120, { everyMs: 250 }, (index) => ({
            path: `/orders/${(index % 10) + 1}`,
            token: tokenOf(index % 10),
          })),
          series(40, { everyMs: 100, fromMs: 10_000 }, (index) => ({
            path: `/orders/${index + 1}`,
            token: own,
          })),
        ),
    },
    {
      says: 'a caller that scanned before walks ids, and all of them answer',
      flows: () =>
        together(
          series(4, { everyMs: 100 }, (index) => ({
            from: 'thief',
            path: `/.env${index}`,
            route: '/.env',
            status: 404,
          })),
          series(40, { everyMs: 100, fromMs: 1000 }, (index) => ({
            from: 'thief',
            path: `/orders/${index + 1}`,
            token: own,
          })),
        ),
    },
  ],
  misses: [
    {
      says: 'a nightly job lists orders page by page and reads each of them',
      flows: () =>
        together(
          ...Array.from({ length: 20 }, (_, chunk) =>
            together(
              series(1, { everyMs: 1, fromMs: chunk * 3000 }, () => ({
                from: 'nightly',
                path: '/orders',
                query: `after=${chunk * 20}&limit=20`,
                token: own,
                answer: page(chunk * 20 + 1),
              })),
              series(20, { everyMs: 100, fromMs: chunk * 3000 + 100 }, (index) => ({
                from: 'nightly',
                path: `/orders/${chunk * 20 + index + 1}`,
                token: own,
              })),
            ),
          ),
        ),
    },
    {
      says: 'a gateway whose many users read a few objects each',
      flows: () =>
        series(400, { everyMs: 100 }, (index) => ({
          path: `/orders/${((index * 37) % 90) + 1}`,
          token: tokenOf((index * 37) % 90),
        })),
    },
    {
      says: 'carts that do not exist yet are asked for and then made',
      flows: () =>
        series(120, { everyMs: 200 }, (index) => ({
          to: 'cart',
          path: `/carts/${((Math.floor(index / 3) * 17) % 60) + 1}`,
          method: index % 3 === 1 ? 'PUT' : 'GET',
          status: index % 3 === 0 ? 404 : 200,
        })),
    },
  ],
};

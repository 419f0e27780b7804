// Which of several matching policies is named. For attribution only, never for the outcome.
import { nameOf } from './policy-name.ts';
import type { Policy } from './schema.ts';

/** The more a policy says, the higher. */
export function specificityOf(policy: Policy): number {
  const { from, to, match } = policy.spec;
  let score = 'peers' in from ? 2 : 0;
  if ('peers' in to) score += to.ports === undefined ? 2 : 3;
  const http = match?.http;
  if (http === undefined) return score;
  score += 10 + (http.headers?.length ?? 0) * 4 + (http.methods === undefined ? 0 : 2);
  if (http.hosts !== undefined) score += http.hosts.some((host) => host.startsWith('*')) ? 1 : 2;
  if (http.paths !== undefined) score += 4 + Math.min(...http.paths.map(literalSegments)) * 2;
  return score;
}

const literalSegments = (path: string): number =>
  path.split('/').filter((part) => part !== '' && !part.startsWith('{') && !part.includes('*')).length;

/** The most specific first, then by name. */
export function byAttribution(a: Policy, b: Policy): number {
  const difference = specificityOf(b) - specificityOf(a);
  if (difference !== 0) return difference;
  return nameOf(a) < nameOf(b) ? -1 : 1;
}

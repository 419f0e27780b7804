// Scanner: one caller asks for many things that are not there, or for paths that only somebody looking for a way in asks for.
import { series } from '../example.ts';
import type { Facts } from '../facts.ts';
import type { Measure } from '../measure.ts';
import type { Rule } from '../rule.ts';

/**
 * Paths nobody links to, by what they begin with; a name goes on only after `*` or a slash (`/.env.bak`, not `/.envoy`).
 * Health and metrics paths that monitoring reads are left out.
 */
const canaryPrefixes: readonly string[] = [
  '/.env',
  '/.git/',
  '/.svn/',
  '/.hg/',
  '/.aws/',
  '/.ssh/',
  '/.kube/',
  '/.docker*',
  '/.ht*',
  '/.DS_Store',
  '/.well-known/security/',
  '/.vscode/',
  '/actuator/env',
  '/actuator/heapdump',
  '/actuator/threaddump',
  '/actuator/mappings',
  '/actuator/gateway',
  '/debug/pprof',
  '/debug/vars',
  '/wp-*',
  '/xmlrpc.php',
  '/phpmyadmin*',
  '/phpinfo*',
  '/pma/',
  '/adminer*',
  '/server-status',
  '/server-info',
  '/cgi-bin/',
  '/manager/html',
  '/jenkins/',
  '/solr/admin',
  '/vendor/phpunit*',
  '/etc/passwd',
  '/id_rsa*',
  '/backup.*',
  '/dump.sql',
  '/database.sql',
  '/config.php',
  '/config.json',
  '/web.config',
  '/console',
  '/HNAP1*',
  '/boaform*',
  '/_ignition/',
  '/telescope/',
  '/api/v1/namespaces',
  '/var/run/secrets/',
  '/latest/meta-data',
];

/** Names tools give themselves in their user agent unless told otherwise. */
const scannerAgents =
  /\b(?:nikto|sqlmap|nmap|masscan|zgrab|nuclei|gobuster|dirbuster|dirsearch|feroxbuster|ffuf|fuzz faster u fool|wfuzz|wpscan|whatweb|acunetix|nessus|openvas|arachni|w3af|skipfish|netsparker|qualys|burp|owasp zap|zaproxy|hydra|kiterunner|jaeles|commix)\b/i;
/** User agents are short; a long one is looked at in front. */
const agentChars = 200;

const isLetter = (code: number): boolean => (code | 32) >= 97 && (code | 32) <= 122;

const canaryRows = canaryPrefixes.map((row) => ({
  prefix: row.replace('*', ''),
  isOpen: row.endsWith('*') || row.endsWith('/'),
}));

/** What follows the first slash in some row: most paths end here. */
const canaryStarts: ReadonlySet<number> = new Set(canaryPrefixes.map((row) => row.charCodeAt(1)));

const isCanary = (path: string): boolean =>
  canaryStarts.has(path.charCodeAt(1)) &&
  canaryRows.some(
    ({ prefix, isOpen }) => path.startsWith(prefix) && (isOpen || !isLetter(path.charCodeAt(prefix.length))),
  );
/** Agents already judged; forgotten all at once when there are too many. */
const judgedAgents = new Map<string, boolean>();
const mostJudged = 512;

function isScannerAgent({ userAgent }: Facts): boolean {
  if (userAgent === '') return false;
  const agent = userAgent.length > agentChars ? userAgent.slice(0, agentChars) : userAgent;
  let found = judgedAgents.get(agent);
  if (found === undefined) {
    if (judgedAgents.size >= mostJudged) judgedAgents.clear();
    judgedAgents.set(agent, (found = scannerAgents.test(agent)));
  }
  return found;
}

/** The path without what makes one of many equal things: walking ids of one route is no scan. */
function shapeOf(path: string): string {
  return path
    .slice(0, 200)
    .replaceAll(/[0-9]+/g, '0')
    .toLowerCase();
}

/** Missing things asked for while scanning; our own refusals count as attempts. */
const isMiss = (facts: Facts): boolean => facts.blocked || facts.status === 404 || facts.status === 405;

const canaries: Measure = {
  id: 'scanner.canaries',
  scope: 'caller',
  kind: 'distinct',
  value: ({ path }) => (isCanary(path) ? path.slice(0, 200) : undefined),
};
const misses: Measure = {
  id: 'scanner.misses',
  scope: 'caller',
  kind: 'distinct',
  value: (facts) => (facts.status === 404 && !facts.blocked ? shapeOf(facts.path) : undefined),
};
const missing: Measure = {
  id: 'scanner.missing',
  scope: 'caller',
  kind: 'count',
  value: (facts) => (facts.status === 404 && !facts.blocked ? 1 : 0),
};
const requests: Measure = {
  id: 'scanner.requests',
  scope: 'caller',
  kind: 'count',
  value: (facts) => (facts.blocked ? 0 : 1),
};
const agents: Measure = {
  id: 'scanner.agents',
  scope: 'caller',
  kind: 'count',
  value: (facts) => (isScannerAgent(facts) ? 1 : 0),
};

/** Fewer different missing things are a broken link or an old client. */
const fewestMisses = 8;
/** Share of a caller's requests that miss: a busy client with some dead links stays below. */
const missShare = 0.3;
const manyMisses = 15;

/** Many paths that do not exist, known probes or a scanner’s own name (OWASP API8:2023, ATT&CK T1595.003). */
export const scanner: Rule = {
  id: 'scanner',
  title: 'Scanning for paths',
  severity: 'high',
  confidence: 0.9,
  tags: ['API8:2023', 'T1595.003', 'T1046'],
  about: 'destination',
  baseline: false,
  measures: [canaries, misses, missing, requests, agents],
  prefilter: (facts) =>
    facts.method !== '' && (isMiss(facts) || isCanary(facts.path) || isScannerAgent(facts)),
  test: (facts, view) => {
    const canary = view.distinct(canaries);
    const different = view.distinct(misses);
    const share = view.count(missing) / Math.max(1, view.count(requests));
    const missed = different >= fewestMisses && share >= missShare ? different : 0;
    const named = view.count(agents);
    const seen = { canary, missed, named, agent: facts.userAgent.slice(0, agentChars) };
    if (canary >= 3 || (named > 0 && canary + missed > 0) || missed >= manyMisses)
      return { severity: 'high', seen };
    if (missed > 0 || canary === 2) return { severity: 'medium', confidence: 0.7, seen };
    if (canary === 1 || named > 0) return { severity: 'info', confidence: 0.4, seen };
    return undefined;
  },
  why: ({ caller }, seen) => {
    const parts = [
      Number(seen['canary']) > 0 ? `${seen['canary']} telltale paths` : '',
      Number(seen['missed']) > 0 ? `${seen['missed']} different paths that do not exist` : '',
      Number(seen['named']) > 0 ? `a scanner's user agent (${seen['agent']})` : '',
    ];
    return `${caller} used ${parts.filter((part) => part !== '').join(', ')} within a minute.`;
  },
  fix: 'Block the caller and find out what runs there; remove or protect what it found.',
  suggestion: () => ({ action: 'block' }),
  matches: [
    {
      says: 'a caller asks for three telltale paths',
      flows: () =>
        series(3, { everyMs: 500 }, (index) => ({
          path: ['/.env.bak', '/actuator/heapdump', '/wp-login.php'][index] ?? '/',
          status: 404,
        })),
    },
    {
      says: 'a caller tries twenty words that are no paths',
      flows: () =>
        series(20, { everyMs: 200 }, (index) => ({
          path: `/internal/${String.fromCharCode(97 + index)}`,
          status: 404,
        })),
    },
    {
      says: 'a tool that names itself looks for one telltale path',
      flows: () =>
        series(1, { everyMs: 1 }, () => ({
          path: '/.git/config',
          status: 404,
          headers: [['user-agent', 'gobuster/3.6']],
        })),
    },
  ],
  misses: [
    {
      says: 'monitoring reads health and metrics paths',
      flows: () =>
        series(60, { everyMs: 900 }, (index) => ({
          from: 'prometheus',
          path: ['/actuator/health', '/actuator/prometheus', '/.envoy/ready', '/healthz'][index % 4] ?? '/',
        })),
    },
    {
      says: 'a busy client follows some dead links',
      flows: () =>
        series(200, { everyMs: 200 }, (index) => ({
          path: index % 10 === 0 ? `/pages/${String.fromCharCode(97 + (index % 26))}/old` : '/pages/new',
          status: index % 10 === 0 ? 404 : 200,
        })),
    },
    {
      says: 'asking for many ids of one route is not this',
      flows: () => series(60, { everyMs: 200 }, (index) => ({ path: `/orders/${index + 1}`, status: 404 })),
    },
  ],
};

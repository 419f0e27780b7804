// Inline HTTP/1: our agent with parsing, policy and events against proxies with the same rule, all on loopback.
import type { Section, SectionResult } from '../lib/bench-context.ts';
import {
  contest,
  contestColumns,
  contestNotes,
  rowsOf,
  startContestants,
  type ContestContext,
} from '../lib/contest.ts';
import { startUpstream } from '../lib/upstream.ts';
import { direct } from '../peers/direct.ts';
import { envoy } from '../peers/envoy.ts';
import { haproxy, haproxyLines } from '../peers/haproxy.ts';
import { nginx } from '../peers/nginx.ts';
import { nodeProxy } from '../peers/node-proxy.ts';
import { ours } from '../peers/ours.ts';
import type { Peer } from '../peers/peer.ts';

async function run(
  title: string,
  peers: readonly (readonly [Peer, number])[],
  context: ContestContext,
): Promise<SectionResult> {
  const upstream = await startUpstream();
  const entrants = peers.map(([peer, rules]) => ({
    peer,
    name: rules === 1 ? peer.name : `${peer.name}, ${rules.toLocaleString('en-US')} rules`,
    setup: { upstreamPort: upstream.port, rules },
  }));
  const contestants = await startContestants(entrants, context);
  try {
    const { figures, rate } = await contest(contestants, context);
    return {
      title,
      notes: [
        ...contestNotes(figures, rate, context),
        'CPU is that of all threads of the proxy; client, upstream and proxy share the machine. Peers log nothing; ours makes, masks and keeps an event of every request.',
      ],
      tables: [{ caption: title, columns: contestColumns, rows: figures.flatMap(rowsOf) }],
      raw: { rate, figures },
    };
  } finally {
    for (const { peer } of contestants) await peer.stop();
    await upstream.stop();
  }
}

/** All peers with one rule. */
export const inline: Section = (context) =>
  run(
    'Inline HTTP/1, one rule',
    [
      [ours(), 1],
      [haproxy, 1],
      [nginx, 1],
      [envoy, 1],
      [nodeProxy, 1],
      [direct, 1],
    ],
    { ...context, atFixedRate: true },
  );

/** What more rules cost. */
export const rules: Section = (context) =>
  run(
    'Inline HTTP/1, more rules',
    [
      [ours(), 1],
      [ours(), 100],
      [ours(), 10_000],
      [haproxy, 1],
      [haproxy, 100],
      [haproxy, 10_000],
      [haproxyLines, 100],
      [haproxyLines, 10_000],
      [envoy, 100],
      [envoy, 10_000],
    ],
    // At 10,000 rules the slowest peer's peak is too low a rate to say anything about the others.
    { ...context, atFixedRate: false },
  );

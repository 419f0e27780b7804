// The part of the table that hands connections to the agent's listener. A port is diverted when it is in `diverted…`, which the plan
// fills, and in `live`, which the data thread refreshes: a beat that comes late cannot bring back what the plan took away. With no
// listener `tproxy` does not match, and the packet goes on: into `closed`, or to the application, counted by `unjudged` when it opens a
// connection. An opening that is repeated because the application did not answer is counted again: only tracking would tell them apart.
//
// The tproxy rules look at every packet of the port and not at openings only: with SYN cookies our listener has no trace of a handshake
// until its last packet, which would otherwise be taken for the application's. Without a listener of ours that packet is a late opening.
//
// tproxy also matches what our socket left in TIME_WAIT. While nobody listens, the kernel gives an opening from the same client port on from
// there to the application's listener: past `closed`, and uncounted. Such a remnant is no whole socket, so `socket wildcard` (ours never
// are) does not match, and the rules go on.
import { addressText, blocksOf } from './address-block.ts';
import { counterName, guardCounter, unjudgedCounter } from './counter-name.ts';
import { flattenBlocks, wordsOf } from './flatten-blocks.ts';
import { openingPacket } from './kernel-rules.ts';
import { agentMark, connectionMark, heartbeatSet, heartbeatTimeoutMs } from './node-constants.ts';
import type { InlinePort } from './node-plan.ts';
import type { ChainModel, RulesetOptions, SetModel } from './table-model.ts';

const portType = 'inet_service';
/** What tproxy found is a socket that lives, and bound to an address, as all of ours are. */
const wholeSocket = 'socket wildcard 0';

/** Sets of the ports; none when there is no port. */
export function inlineSets(inline: readonly InlinePort[], generation: number): readonly SetModel[] {
  if (inline.length === 0) return [];
  const open = inline.filter(({ sources }) => sources === undefined);
  const closed = inline.filter(({ failure }) => failure === 'Closed');
  const live: SetModel = {
    ...{ name: heartbeatSet(generation), kind: 'set', type: portType, interval: false },
    timeoutMs: heartbeatTimeoutMs,
    elements: new Map(inline.map(({ port }) => [String(port), ''])),
  };
  const anyone: SetModel = {
    ...{ name: 'diverted', kind: 'set', type: portType, interval: false },
    elements: new Map(open.map(({ port }) => [String(port), ''])),
  };
  const refusing: SetModel = {
    ...{ name: 'closed', kind: 'map', type: portType, interval: false },
    elements: new Map(
      closed.map(({ port, policies }) => [String(port), counterName('c', policies[0] ?? '')]),
    ),
  };
  const passing: SetModel = {
    ...{ name: 'unjudged', kind: 'map', type: portType, interval: false },
    elements: new Map(passingPorts(inline).map((port) => [String(port), unjudgedCounter(port)])),
  };
  return [
    ...(closed.length === 0 ? [] : [refusing]),
    ...(closed.length === inline.length ? [] : [passing]),
    ...(open.length === 0 ? [] : [anyone]),
    ...([4, 6] as const).flatMap((family) => sourceSet(inline, family)),
    live,
  ];
}

/** Ports whose connections reach the application while no agent is there. */
export const passingPorts = (inline: readonly InlinePort[]): readonly number[] =>
  inline.filter(({ failure }) => failure === 'Open').map(({ port }) => port);

/** Ports that only literal blocks are diverted for. */
function sourceSet(inline: readonly InlinePort[], family: 4 | 6): readonly SetModel[] {
  const elements = new Map<string, string>();
  for (const { port, sources } of inline) {
    const blocks = (sources ?? []).flatMap(blocksOf).filter((block) => block.family === family);
    for (const { first, last } of flattenBlocks(blocks.map((block) => ({ block, owner: '' }))))
      elements.set(`${addressText(wordsOf(first))}-${addressText(wordsOf(last))} . ${port}`, '');
  }
  if (elements.size === 0) return [];
  const type = `ipv${family}_addr . ${portType}`;
  return [{ name: `diverted${family}`, kind: 'set', type, interval: true, elements }];
}

const setNames = (inline: readonly InlinePort[], { generation }: RulesetOptions): ReadonlySet<string> =>
  new Set(inlineSets(inline, generation).map(({ name }) => name));

/** Who is diverted where. */
const entrancesOf = (names: ReadonlySet<string>): readonly string[] =>
  [
    { set: 'diverted', key: 'tcp dport' },
    { set: 'diverted4', key: 'ip saddr . tcp dport' },
    { set: 'diverted6', key: 'ip6 saddr . tcp dport' },
  ].flatMap(({ set, key }) => (names.has(set) ? [`${key} @${set}`] : []));

/** Refuses on closed ports. */
const closing = 'counter name tcp dport map @closed reject with tcp reset';

/** What late openings are put to: where an agent listens, they reach it, and no listener of the application. */
export function lateClosed(inline: readonly InlinePort[], options: RulesetOptions): readonly string[] {
  const names = setNames(inline, options);
  return names.has('closed') ? entrancesOf(names).map((entrance) => `${entrance} ${closing}`) : [];
}

/** Chains that divert; none when there is no port. */
export function inlineChains(inline: readonly InlinePort[], options: RulesetOptions): readonly ChainModel[] {
  if (inline.length === 0) return [];
  const names = setNames(inline, options);
  return [
    { name: 'divert', hook: '', rules: divertRules(options, names) },
    {
      name: 'redirect_in',
      hook: 'type filter hook prerouting priority mangle; policy accept;',
      rules: [
        'iifname "lo" accept',
        // From outside it would be its own original destination, and loop.
        `tcp dport ${options.listenPort} counter name "${guardCounter}" reject with tcp reset`,
        ...entrancesOf(names).map((entrance) => `${entrance} goto divert`),
      ],
    },
    ...(options.mode === 'ct' ? [returnChain] : []),
  ];
}

function divertRules(
  { listenPort, generation, ipv6 = true }: RulesetOptions,
  names: ReadonlySet<string>,
): readonly string[] {
  const alive = `tcp dport @${heartbeatSet(generation)}`;
  return [
    `${alive} meta nfproto ipv4 tproxy ip to 127.0.0.1:${listenPort} ${wholeSocket} accept`,
    ...(ipv6 ? [`${alive} meta nfproto ipv6 tproxy ip6 to [::1]:${listenPort} ${wholeSocket} accept`] : []),
    ...(names.has('closed') ? [`${openingPacket} ${closing}`] : []),
    ...(names.has('unjudged') ? [`${openingPacket} counter name tcp dport map @unjudged`] : []),
  ];
}

/** Mode ct: what the application answers to the agent's own leg finds back to the agent by its connection's mark. */
const returnChain: ChainModel = {
  name: 'return_leg',
  hook: 'type route hook output priority mangle; policy accept;',
  rules: [
    `meta mark ${connectionMark} ct mark set ${connectionMark} accept`,
    `ct mark ${connectionMark} meta mark set ${agentMark}`,
  ],
};

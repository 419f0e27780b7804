// The rules of the kernel gear: a fixed walk through the maps that there are, for packets that open something.
import { firstEphemeralPort } from '../model/ephemeral-ports.ts';
import { sourceCounter } from './counter-name.ts';
import { entryMapName, entryShapes, type EntryShape } from './entry-elements.ts';
import { refusalLogBytes, refusalLogGroup, refusalLogRate } from './node-constants.ts';
import type { ChainModel, RulesetOptions } from './table-model.ts';

/** The first packet of a TCP connection. */
export const openingPacket = 'tcp flags & (fin|syn|rst|ack) == syn';
/** DNS: who may speak to nobody may still ask for names. */
const nameServicePort = 53;

/** Chains for the maps of these names; none where a direction has no map. */
export function kernelChains(names: ReadonlySet<string>, options: RulesetOptions): readonly ChainModel[] {
  const log = options.logs === false ? undefined : options;
  const chains = [
    ...directionChains({ direction: 'in' }, names),
    ...directionChains({ direction: 'out', log }, names),
  ];
  return chains.length === 0 ? [] : [...wholePackets(options), ...chains];
}

/**
 * The first fragment of a packet may be too short to hold the flags of TCP, and would open what no rule sees. A rule that names tproxy has the
 * kernel put fragments together before any rule is asked, without tracking connections. Nothing is sent to port 0, and nothing listens there.
 */
function wholePackets({ tproxy = true, ipv6 = true }: RulesetOptions): readonly ChainModel[] {
  if (!tproxy) return [];
  return [
    {
      name: 'whole_packets',
      hook: 'type filter hook prerouting priority mangle - 20; policy accept;',
      rules: [
        'meta nfproto ipv4 tcp dport 0 tproxy ip to 127.0.0.1:1',
        ...(ipv6 ? ['meta nfproto ipv6 tcp dport 0 tproxy ip6 to [::1]:1'] : []),
      ],
    },
  ];
}

/** What late openings are put to: the walk that their SYN would have taken. */
export const lateRefusals = (kernel: readonly ChainModel[]): readonly string[] =>
  kernel.some(({ name }) => name === 'in_tcp') ? ['jump in_tcp'] : [];

/** One direction; `log`: whose log hears of its refusals. */
interface Direction {
  readonly direction: 'in' | 'out';
  readonly log?: Pick<RulesetOptions, 'generation'> | undefined;
}

function directionChains(towards: Direction, names: ReadonlySet<string>): readonly ChainModel[] {
  const { direction, log } = towards;
  const tcp = walk({ ...towards, protocol: 'tcp' }, names);
  if (tcp.length === 0) return [];
  const interfaceKey = direction === 'in' ? 'iifname' : 'oifname';
  const hook = direction === 'in' ? 'prerouting' : 'output';
  const spared = ([4, 6] as const)
    .filter((family) => direction === 'out' && names.has(`judged${family}`))
    .map((family) => `${ip(family)} daddr @judged${family} accept`);
  return [
    ...(log === undefined ? [] : refusalChains(log.generation)),
    { name: `${direction}_tcp`, hook: '', rules: tcp },
    { name: `${direction}_udp`, hook: '', rules: walk({ ...towards, protocol: 'udp' }, names) },
    {
      name: direction === 'in' ? 'inbound' : 'outbound',
      // Before what a mesh or we ourselves redirect.
      hook: `type filter hook ${hook} priority mangle - 10; policy accept;`,
      rules: [
        `${interfaceKey} "lo" accept`,
        ...spared,
        `${openingPacket} goto ${direction}_tcp`,
        `meta l4proto udp goto ${direction}_udp`,
      ],
    },
  ];
}

const answerKinds = ['reset', 'drop'] as const;

/** Where a packet goes that is refused in this way and logged before. */
const refusalChain = (protocol: 'tcp' | 'udp', answer: 'reset' | 'drop'): string =>
  `out_${protocol}_${answer}`;

/**
 * What is refused at the source never reaches the interface, so no tap sees it: it is logged before it is refused. Once, whatever the maps
 * hold, because only what a map has found comes here; what the limit leaves out is in the counter still, and refused all the same.
 */
function refusalChains(generation: number): readonly ChainModel[] {
  const { perSecond, burst } = refusalLogRate;
  const limit = `limit rate ${perSecond}/second burst ${burst} packets`;
  return [
    {
      name: 'out_log',
      hook: '',
      // Several packets a message: the socket's memory is taken by messages of a page each.
      rules: [
        `counter name ${sourceCounter(generation)} ${limit} log group ${refusalLogGroup(generation)} snaplen ${refusalLogBytes} queue-threshold 16`,
      ],
    },
    ...(['tcp', 'udp'] as const).flatMap((protocol) =>
      answerKinds.map((answer) => ({
        name: refusalChain(protocol, answer),
        hook: '',
        rules: ['jump out_log', verdict(protocol, answer)],
      })),
    ),
  ];
}

const ip = (family: 4 | 6): string => (family === 4 ? 'ip' : 'ip6');

interface Walk extends Direction {
  readonly protocol: 'tcp' | 'udp';
}

/** One rule for each map; what names ports comes first, because without ports not everything is meant. */
function walk(way: Walk, names: ReadonlySet<string>): readonly string[] {
  const ofShapes = (shapes: readonly EntryShape[]): readonly string[] =>
    shapes.flatMap((shape) => rulesOf(way, shape, names));
  const named = ofShapes(entryShapes.filter(hasPort));
  const unnamed = ofShapes(entryShapes.filter((shape) => !hasPort(shape) && shape !== 'any'));
  const any = ofShapes(['any']);
  // UDP to a port below is asked of the pod, and no answer to what it asked.
  const answers =
    way.protocol === 'udp' && unnamed.length + any.length > 0
      ? [`udp dport >= ${firstEphemeralPort} accept`]
      : [];
  const naming =
    way.direction === 'out' && any.length > 0 ? [`${way.protocol} dport ${nameServicePort} accept`] : [];
  return [...named, ...answers, ...unnamed, ...naming, ...any];
}

const hasPort = (shape: EntryShape): boolean => shape.endsWith('_port');

function rulesOf(way: Walk, shape: EntryShape, names: ReadonlySet<string>): readonly string[] {
  return mapsOf(way.direction, shape)
    .filter(({ name }) => names.has(name))
    .map(({ name, family, answer }) => {
      const key = keyOf(way, shape, family);
      const refused =
        way.log === undefined ? verdict(way.protocol, answer) : `goto ${refusalChain(way.protocol, answer)}`;
      return `counter name ${key} map @${name} ${refused}`;
    });
}

function mapsOf(
  direction: 'in' | 'out',
  shape: EntryShape,
): readonly { name: string; family: 4 | 6; answer: 'reset' | 'drop' }[] {
  const families = shape.startsWith('any') ? ([4] as const) : ([4, 6] as const);
  return families.flatMap((family) =>
    answerKinds.map((answer) => ({
      ...{ family, answer },
      name: entryMapName({ direction, shape, family, answer }),
    })),
  );
}

function keyOf({ direction, protocol }: Walk, shape: EntryShape, family: 4 | 6): string {
  const end = direction === 'in' ? 'saddr' : 'daddr';
  const who = shape.startsWith('any') ? 'meta nfproto' : `${ip(family)} ${end}`;
  return hasPort(shape) ? `${who} . ${protocol} dport` : who;
}

/** A port that is not served answers UDP with ICMP. */
function verdict(protocol: 'tcp' | 'udp', answer: 'reset' | 'drop'): string {
  if (answer === 'drop') return 'drop';
  return protocol === 'tcp' ? 'reject with tcp reset' : 'reject with icmpx port-unreachable';
}

// What the kernel and our rights on this node can do, and which gears that leaves. Pure words: probing is io/kernel/node.

/** What is probed, in the order it is told. */
export const abilityNames = [
  'capabilities',
  'namespaces',
  'nftables',
  'tproxy',
  'fwmark',
  'conntrack',
  'destroy',
  'ring',
  'log',
  'ipv6',
] as const;

/** One thing a gear needs of the node. */
export type AbilityName = (typeof abilityNames)[number];

/** One probed ability: whether it works, and one sentence that says so or says what is missing. */
export interface Ability {
  readonly name: AbilityName;
  readonly ok: boolean;
  readonly sentence: string;
}

/** All of them, by name. */
export type NodeAbilities = Readonly<Record<AbilityName, Ability>>;

/** By name; what `found` does not tell is taken as missing. */
export function toAbilities(found: readonly Ability[]): NodeAbilities {
  const told = new Map(found.map((ability) => [ability.name, ability]));
  const entry = (name: AbilityName): [AbilityName, Ability] => [
    name,
    told.get(name) ?? { name, ok: false, sentence: 'Not tried.' },
  ];
  return Object.fromEntries(abilityNames.map(entry)) as Record<AbilityName, Ability>;
}

/** The ways a policy can be enforced or traffic be seen. */
export const gearNames = ['tap', 'kernel', 'inline'] as const;
/** One of them. */
export type GearName = (typeof gearNames)[number];
/** How inline hands a connection on: by mark (client's address and port kept), or by connection tracking (port not kept). */
export type InlineMode = 'fwmark' | 'ct';

/** One gear on this node: on with all it needs, or off with the reason. */
export interface Gear {
  readonly name: GearName;
  readonly ok: boolean;
  readonly sentence: string;
}

/** What each gear cannot be without; half a gear is none. A missing capability shows in what it is for, by trial. */
const needs: Readonly<Record<GearName, readonly AbilityName[]>> = {
  tap: ['namespaces', 'ring'],
  kernel: ['namespaces', 'nftables', 'destroy'],
  inline: ['namespaces', 'nftables', 'tproxy', 'destroy'],
};

/** What a gear does, for its sentence. */
const doing: Readonly<Record<GearName, string>> = {
  tap: 'Tap works: traffic is seen and recorded without touching it.',
  kernel: 'Kernel works: blocks and segments by address and port are enforced inside each pod.',
  inline: 'Inline works',
};

/** How inline would hand connections on; undefined when it cannot. */
export function inlineMode(abilities: NodeAbilities): InlineMode | undefined {
  if (needs.inline.some((name) => !abilities[name].ok)) return undefined;
  if (abilities.fwmark.ok) return 'fwmark';
  return abilities.conntrack.ok ? 'ct' : undefined;
}

function inlineSentence(abilities: NodeAbilities): string {
  return inlineMode(abilities) === 'fwmark'
    ? `${doing.inline}: the application sees the client's address and port.`
    : `${doing.inline} by connection tracking: the application sees the client's address, but another port; a client that later uses that port itself times out.`;
}

const title: Readonly<Record<GearName, string>> = { tap: 'Tap', kernel: 'Kernel', inline: 'Inline' };

function off(name: GearName, missing: string): Gear {
  return { name, ok: false, sentence: `${title[name]} is off, for want of ${missing}.` };
}

/** The gear of that name, as this node can have it. */
export function gearOf(abilities: NodeAbilities, name: GearName): Gear {
  const missing = needs[name].filter((needed) => !abilities[needed].ok);
  if (missing.length > 0) return off(name, missing.join(', '));
  if (name !== 'inline') return { name, ok: true, sentence: doing[name] };
  return inlineMode(abilities) === undefined
    ? off(name, 'fwmark or conntrack')
    : { name, ok: true, sentence: inlineSentence(abilities) };
}

/** The three gears in order. */
export const gearsOf = (abilities: NodeAbilities): readonly Gear[] =>
  gearNames.map((name) => gearOf(abilities, name));

// The plan of a node, kept from one set of policies to the next: a policy that stays is not planned again, and a pod of which nothing else is
// asked keeps its very plan. The same answers as planning all anew (plan-node.ts), which is what happens when the node itself has changed.
import type { NodeInventory } from '../model/pod.ts';
import { gearOf, type NodeAbilities } from '../model/abilities.ts';
import type { PolicyName } from '../model/brand.ts';
import { createAttributionOrder, type KnownPolicy } from '../policy/attribution-order.ts';
import type { LocalPod } from '../model/pod.ts';
import { boundInline, isBeyondBound, knownPorts } from './inline-bound.ts';
import type { NodePlan, PlanInput, PodPlan } from './node-plan.ts';
import { createParties, keyOfWorkload } from './parties.ts';
import { hasExpired, planPolicy, type PlanNode, type PolicyPart } from './plan-policy.ts';
import { addDraft, finishPod, newPodDraft, type PodBasis, type PodDraft } from './pod-draft.ts';

/** Work done since it was made: for the tests that show what it grows with. */
export interface PlanWork {
  /** Policies planned. */
  policies: number;
  /** Pods whose plan was put together. */
  pods: number;
}

/** Plans one node again and again. */
export interface Planner {
  plan(input: PlanInput): NodePlan;
  readonly work: Readonly<PlanWork>;
}

/** All that plans depend on besides policies and time. */
type Node = Pick<PlanInput, 'inventory' | 'abilities' | 'listening' | 'meshed'>;

interface World extends PlanNode {
  readonly node: Node;
  readonly tap: boolean;
  /** By name. */
  readonly parts: Map<PolicyName, PolicyPart>;
  readonly plans: Map<string, PodPlan>;
  /** Policies planned in it: it remembers whom each selected, and is made anew when that is far more than there are. */
  planned: number;
}

function newWorld({ inventory, abilities, listening, meshed }: Node): World {
  const parties = createParties(inventory);
  const knownOf = (pod: LocalPod): readonly number[] =>
    knownPorts(pod, {
      targets: parties
        .servicesOf(keyOfWorkload(pod))
        .flatMap(({ ports }) => ports.map(({ targetPort }) => targetPort)),
      listening: listening.get(pod.id) ?? [],
    });
  const enrolled = inventory.pods.filter(({ hostNetwork }) => !hostNetwork);
  const pods = new Map(enrolled.map((pod): [string, PodBasis] => [pod.id, { pod, known: knownOf(pod) }]));
  return {
    ...{ parties, abilities, meshed, pods },
    node: { inventory, abilities, listening, meshed },
    tap: gearOf(abilities, 'tap').ok,
    ...{ parts: new Map(), plans: new Map(), planned: 0 },
  };
}

const sameSet = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean =>
  one.size === other.size && [...one].every((item) => other.has(item));

const samePorts = (one: Node['listening'], other: Node['listening']): boolean =>
  one.size === other.size && [...one].every(([pod, ports]) => other.get(pod)?.join() === ports.join());

function isSame(one: Node, other: Node): boolean {
  const given: readonly (readonly [NodeInventory | NodeAbilities, NodeInventory | NodeAbilities])[] = [
    [one.inventory, other.inventory],
    [one.abilities, other.abilities],
  ];
  return (
    given.every(([a, b]) => a === b) &&
    sameSet(one.meshed, other.meshed) &&
    samePorts(one.listening, other.listening)
  );
}

/** Policies that come and go before a world is made anew, besides as many as there are. */
const spareRoom = 1_000;

class KeptPlanner implements Planner {
  readonly work: PlanWork = { policies: 0, pods: 0 };
  readonly #order = createAttributionOrder();
  #world: World | undefined;

  plan(input: PlanInput): NodePlan {
    const known = this.#order.known(input.policies);
    const sorted = this.#order.sorted(known);
    let world = this.#worldFor(input, known.length);
    // Only one that was brought in line to the end can be gone on with.
    this.#world = undefined;
    const isNew = world.parts.size + world.plans.size === 0;
    let bounded = this.#bringInLine(world, sorted, input.nowMs);
    if (bounded && !isNew) {
      // What policies say of themselves is no longer theirs alone.
      world = newWorld(input);
      bounded = this.#bringInLine(world, sorted, input.nowMs);
    }
    this.#world = bounded ? undefined : world;
    const { parts, plans } = world;
    return {
      pods: [...world.pods.keys()].flatMap((id) => plans.get(id) ?? []),
      statements: known.flatMap(({ name }) => parts.get(name)?.statement() ?? []),
    };
  }

  #worldFor(input: PlanInput, count: number): World {
    const world = this.#world;
    const isKept = world !== undefined && isSame(world.node, input) && world.planned <= 2 * count + spareRoom;
    return isKept ? world : newWorld(input);
  }

  /** True when some pod gets less than policies ask: then their parts were changed by it, and must not be used again. */
  #bringInLine(world: World, sorted: readonly KnownPolicy[], nowMs: number): boolean {
    const touched = this.#planPolicies(world, sorted, nowMs);
    for (const id of world.pods.keys()) if (!world.plans.has(id)) touched.add(id);
    const drafts = draftsOf(world, sorted, touched);
    let bounded = false;
    for (const draft of drafts.values()) {
      if (isBeyondBound(draft)) bounded = true;
      boundInline(draft);
      world.plans.set(draft.pod.id, finishPod(draft, world.tap));
    }
    this.work.pods += drafts.size;
    return bounded;
  }

  /** The pods of which another thing is asked than before. */
  #planPolicies(world: World, sorted: readonly KnownPolicy[], nowMs: number): Set<string> {
    const touched = new Set<string>();
    const gone = new Map(world.parts);
    for (const of of sorted) {
      const before = gone.get(of.name);
      gone.delete(of.name);
      if (before?.of === of && before.isExpired === hasExpired(of, nowMs)) continue;
      const part = planPolicy(world, of, nowMs);
      this.work.policies += 1;
      world.planned += 1;
      world.parts.set(of.name, part);
      for (const id of [...(before?.drafts.keys() ?? []), ...part.drafts.keys()]) touched.add(id);
    }
    for (const [name, { drafts }] of gone) {
      world.parts.delete(name);
      for (const id of drafts.keys()) touched.add(id);
    }
    return touched;
  }
}

/** What all policies ask of these pods, in attribution order. */
function draftsOf(
  { pods, parts }: World,
  sorted: readonly KnownPolicy[],
  touched: ReadonlySet<string>,
): ReadonlyMap<string, PodDraft> {
  const drafts = new Map<string, PodDraft>();
  for (const [id, basis] of pods) if (touched.has(id)) drafts.set(id, newPodDraft(basis));
  if (drafts.size === 0) return drafts;
  for (const { name } of sorted)
    for (const [id, own] of parts.get(name)?.drafts ?? []) {
      const draft = drafts.get(id);
      if (draft !== undefined) addDraft(draft, own);
    }
  return drafts;
}

/** Has planned nothing yet. */
export const createPlanner = (): Planner => new KeptPlanner();

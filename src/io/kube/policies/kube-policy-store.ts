// The policy store over the policies of a cluster: read by a watch, changed with the rights of whoever is signed in. Knows nothing of
// compilation or of who asks. An object that became invalid keeps its last good version in force, as a file does; deleting it lifts it.
import { AppError } from '../../../core/model/app-error.ts';
import { policyName, type PolicyName } from '../../../core/model/brand.ts';
import { nameOf, placeOf } from '../../../core/policy/policy-name.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import {
  policyCountLimit,
  type PolicyStore,
  type StoredObject,
  type StoredPolicy,
} from '../../../core/policy/store.ts';
import { authorAnnotation, expiryMs } from '../../policies/merge-files.ts';
import { createQueue } from '../../in-turn.ts';
import { unkept, type GoodVersion, type LastGood } from '../../policies/last-good.ts';
import { rejectionAt } from '../../policies/parse-policy-file.ts';
import { policyLimits } from '../../policies/policy-limits.ts';
import type { KubeApi } from '../api/kube-api.ts';
import type { KubeObject } from '../api/kube-object.ts';
import { kinds } from '../api/resource-kind.ts';
import {
  startReflector,
  type Reflector,
  type ReflectorLimits,
  type ReflectorOptions,
  type ReflectorState,
} from '../watch/reflector.ts';
import type { Batch } from '../watch/trimmed-store.ts';
import { applyPolicy, removePolicy, type EditTools } from './policy-edits.ts';
import { factsOf } from './list-policies.ts';
import { managerWords } from './managed-by.ts';
import { readClusterPolicyObject, readPolicyObject, type PolicyObject } from './policy-object.ts';
import type { PolicyJournal } from './policy-journal.ts';
import { undoPolicy } from './policy-undo.ts';

/** Which cluster, by which clock. */
export interface KubePolicyStoreOptions {
  readonly api: KubeApi;
  /** One namespace alone; all when absent. */
  readonly namespace?: string;
  /** For people: cluster-wide policies also beside one namespace, where they may be read, and of each object its status and who keeps it. */
  readonly forPeople?: boolean;
  /** Of changes that can be undone; without one nothing is written: an agent's rights are not a person's. */
  readonly journal?: PolicyJournal;
  /** Epoch ms. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  /** Called when the API server goes away or comes back. */
  readonly onState?: (state: ReflectorState) => void;
  /** Keeps last good versions for the next start, by UID: for whoever enforces. */
  readonly lastGood?: LastGood;
  readonly limits?: Partial<ReflectorLimits>;
}

/** A policy store that may be out of date. */
export interface KubePolicyStore extends PolicyStore {
  /** How far what it holds can be trusted. */
  state(): ReflectorState;
  /** Resolves when everything has been read once. */
  synced(): Promise<void>;
  /** All there is where that policy would be has been read: if it is not there, it does not exist. */
  covers(name: string): boolean;
}

/** What is kept of an object. */
type Kept = PolicyObject & Pick<StoredObject, 'status' | 'keptBy'>;

/** An object, and its policy from when it was last valid. */
interface Held extends HeldObject {
  /** As it is listed before and after the end of its lifetime; made once, so that who follows sees what did not change. */
  readonly entries: Readonly<Record<'valid' | 'expired', readonly StoredPolicy[]>>;
  readonly rejected: readonly Rejected[];
}

interface HeldObject {
  readonly object: Kept;
  readonly policy: Policy | undefined;
  /** RFC 3339: when the object was first found to be invalid, while there is a policy from before. */
  readonly since?: string;
}

interface HeldPolicies {
  take(batch: Batch<Kept>): void;
  /** All objects have been taken once: what is kept of others is forgotten. */
  synced(): void;
  entries(nowMs: number): readonly StoredPolicy[];
  /** Epoch ms of the next end of a lifetime after `nowMs`; infinite when there is none. */
  nextExpiryMs(nowMs: number): number;
}

type Rejected = Extract<StoredPolicy, { type: 'rejected' }>;

const versionOf = ({ uid, generation, status, keptBy }: Kept): StoredObject => ({
  uid,
  ...(generation === undefined ? {} : { generation }),
  ...(status === undefined ? {} : { status }),
  ...(keptBy === undefined ? {} : { keptBy }),
});

function rejectedEntry(one: Kept): Rejected[] {
  const { name, read } = one;
  if (read.ok) return [];
  return [{ type: 'rejected', name, ...versionOf(one), rejection: read.rejection, object: read.object }];
}

function policyEntries({ object, policy, since }: HeldObject): Held['entries'] {
  if (policy === undefined) return { valid: [], expired: [] };
  const author = policy.metadata.annotations?.[authorAnnotation];
  const { name, title: file, read } = object;
  const shared = { name, policy, file, ...versionOf(object), ...(author === undefined ? {} : { author }) };
  const expired = [{ type: 'expired' as const, ...shared }];
  if (read.ok) return { valid: [{ type: 'valid', ...shared }], expired };
  const rejection = since === undefined ? read.rejection : { ...read.rejection, since };
  return { valid: [{ type: 'valid', ...shared, rejection }], expired };
}

const withEntries = (held: HeldObject): Held => ({
  ...held,
  entries: policyEntries(held),
  rejected: rejectedEntry(held.object),
});

const entriesAt = ({ policy, entries }: Held, nowMs: number): readonly StoredPolicy[] =>
  policy !== undefined && expiryMs(policy) <= nowMs ? entries.expired : entries.valid;

function tooMany({ object }: Held): Rejected {
  const { name, title } = object;
  const reason = `the cluster holds more than ${policyCountLimit} policies`;
  const rejection = rejectionAt(title, { code: 'TOO_MANY_POLICIES', reason });
  return { type: 'rejected', name, ...versionOf(object), rejection };
}

function heldOf(object: Kept, before: Held | undefined, keeping: Keeping): HeldObject {
  const { uid, read, generation = 0 } = object;
  if (!read.ok) return standIn(object, before, keeping);
  keeping.lastGood?.keep(uid, { version: String(generation), policies: [read.policy] });
  return { object, policy: read.policy };
}

/** The policy of an object that is invalid, from before in this life or in an earlier one. */
function standIn(object: Kept, before: Held | undefined, { lastGood, now }: Keeping): HeldObject {
  const kept = before === undefined ? keptOf(object, lastGood) : undefined;
  const policy = kept?.policies[0] ?? before?.policy;
  if (policy === undefined) return { object, policy };
  const since = before?.since ?? kept?.since ?? new Date(now()).toISOString();
  lastGood?.since(object.uid, since);
  return { object, policy, since };
}

/** A generation beyond that of the object was never this object's past: the cluster was set back. */
function keptOf(
  { uid, generation, name }: PolicyObject,
  lastGood: LastGood | undefined,
): GoodVersion | undefined {
  const kept = lastGood?.find(uid);
  const [policy, ...more] = kept?.policies ?? [];
  if (policy === undefined || more.length > 0 || nameOf(policy) !== name) return undefined;
  return Number(kept?.version) <= (generation ?? 0) ? kept : undefined;
}

type Keeping = Pick<KubePolicyStoreOptions, 'lastGood' | 'now'>;

function createHeldPolicies(keeping: Keeping): HeldPolicies {
  const held = new Map<string, Held>();
  let sorted: readonly Held[] | undefined;
  const inOrder = (): readonly Held[] =>
    (sorted ??= [...held.values()].toSorted((one, other) =>
      one.object.title < other.object.title ? -1 : 1,
    ));
  return {
    take({ added, changed, removed }) {
      sorted = undefined;
      for (const { uid } of removed) {
        held.delete(uid);
        keeping.lastGood?.forget(uid);
      }
      for (const object of [...added, ...changed.map(({ after }) => after)])
        held.set(object.uid, withEntries(heldOf(object, held.get(object.uid), keeping)));
    },
    synced: () => keeping.lastGood?.retain(held),
    entries(nowMs) {
      let count = 0;
      return inOrder().flatMap((one) => {
        const entry = entriesAt(one, nowMs);
        count += entry.length;
        return [...(count > policyCountLimit ? [tooMany(one)] : entry), ...one.rejected];
      });
    },
    nextExpiryMs(nowMs) {
      let next = Infinity;
      for (const { policy } of held.values()) {
        const ends = policy === undefined ? Infinity : expiryMs(policy);
        if (ends > nowMs && ends < next) next = ends;
      }
      return next;
    },
  };
}

/** Tells when a lifetime ends, by this machine's clock: it needs no API server for that. */
function watchLifetimes(
  held: HeldPolicies,
  now: () => number,
  tell: () => void,
): { changed(): void; close(): void } {
  let nextMs = Infinity;
  const look = (): void => {
    nextMs = held.nextExpiryMs(now());
  };
  const timer = setInterval(() => {
    if (now() < nextMs) return;
    look();
    tell();
  }, policyLimits.tickMs).unref();
  return { changed: look, close: () => clearInterval(timer) };
}

function refuse(): Promise<never> {
  return Promise.reject(
    new AppError({
      code: 'POLICIES_READ_ONLY',
      family: 'denied',
      message: 'This agent takes its policies from the cluster and may not write them.',
      hint: 'Write the object with your own rights: kubectl apply -f FILE.',
    }),
  );
}

const readOnly: Pick<PolicyStore, 'apply' | 'remove' | 'undo'> = {
  apply: refuse,
  remove: refuse,
  undo: refuse,
};

/** The half that writes. */
function editsOf(tools: EditTools): Pick<PolicyStore, 'apply' | 'remove' | 'undo'> {
  const inTurn = createQueue();
  return {
    apply: (policy, how = {}) => inTurn(() => applyPolicy(tools, policy, how)),
    remove: (name: PolicyName, how = {}) => inTurn(() => removePolicy(tools, policyName(name), how)),
    undo: (how = {}) => inTurn(() => undoPolicy(tools, how)),
  };
}

interface Followed {
  readonly own: Reflector<Kept>;
  readonly wide: Reflector<Kept> | undefined;
  /** One namespace's reader may not be allowed to read these; then they are not there, and nobody waits for them. */
  readonly isWideOptional: boolean;
}

const trimOf =
  (read: (object: KubeObject) => PolicyObject, forPeople: boolean) =>
  (object: KubeObject): Kept => {
    if (!forPeople) return read(object);
    const { status, manager } = factsOf(object);
    return {
      ...read(object),
      ...(status === undefined ? {} : { status }),
      ...(manager === undefined ? {} : { keptBy: managerWords(manager) }),
    };
  };

/** Both kinds; an agent of one namespace alone does not ask for the cluster's. */
function followBoth(
  { api, namespace, now, random, limits, forPeople = false }: KubePolicyStoreOptions,
  told: Pick<ReflectorOptions<Kept>, 'onBatch' | 'onState'>,
): Followed {
  const shared = { api, now, random, ...told, ...(limits === undefined ? {} : { limits }) };
  const own = startReflector<Kept>({
    ...{ ...shared, resource: kinds.flowPolicies, trim: trimOf(readPolicyObject, forPeople) },
    selection: namespace === undefined ? {} : { namespace },
  });
  const isWideOptional = namespace !== undefined;
  if (isWideOptional && !forPeople) return { own, wide: undefined, isWideOptional };
  const wide = startReflector<Kept>({
    ...{ ...shared, resource: kinds.clusterFlowPolicies, selection: {} },
    trim: trimOf(readClusterPolicyObject, forPeople),
  });
  return { own, wide, isWideOptional };
}

/** May not be read at all, and need not. */
const isSpared = ({ wide, isWideOptional }: Followed): boolean =>
  isWideOptional && wide?.state().synced === false && wide.state().problem?.family === 'denied';

/** Those that count. */
const counted = (followed: Followed): readonly Reflector<Kept>[] =>
  followed.wide === undefined || isSpared(followed) ? [followed.own] : [followed.own, followed.wide];

/** Those that `synced` waits for: whether the others may be read is not known before they are. */
const awaited = ({ own, wide, isWideOptional }: Followed): readonly Reflector<Kept>[] =>
  wide === undefined || isWideOptional ? [own] : [own, wide];

/** Of all that is followed: the first that something is wrong with, or that has not been read. */
function worstOf(followed: Followed): ReflectorState {
  const states = counted(followed).map((reflector) => reflector.state());
  return (
    states.find(({ since, problem }) => since !== undefined || problem !== undefined) ??
    states.find(({ synced }) => !synced) ??
    followed.own.state()
  );
}

function coverOf({ own, wide }: Followed, namespace: string | undefined, name: string): boolean {
  const place = placeOf(name);
  if (place.kind === 'ClusterFlowPolicy') return wide?.state().synced === true;
  return (namespace === undefined || place.namespace === namespace) && own.state().synced;
}

/** Starts to watch at once; `synced` tells when everything has been read. Never waits for the API server by itself. */
export function openKubePolicyStore(options: KubePolicyStoreOptions): KubePolicyStore {
  const { now } = options;
  const held = createHeldPolicies(options);
  const listeners = new Set<() => void>();
  const tell = (): void => listeners.forEach((listener) => listener());
  const lifetimes = watchLifetimes(held, now, tell);
  const followed = followBoth(options, {
    onBatch(batch) {
      held.take(batch);
      lifetimes.changed();
      tell();
    },
    onState: () => options.onState?.(worstOf(followed)),
  });
  const synced = Promise.all(awaited(followed).map((reflector) => reflector.synced()));
  // Closed before: nothing is known of what is gone.
  synced.then(
    () => held.synced(),
    () => undefined,
  );
  return {
    entries: () => held.entries(now()),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ...(options.journal === undefined ? readOnly : editsOf({ ...options, journal: options.journal })),
    state: () => worstOf(followed),
    synced: () => synced.then(() => undefined),
    unkept: () => unkept(options.lastGood),
    covers: (name) => coverOf(followed, options.namespace, name),
    close() {
      followed.own.close();
      followed.wide?.close();
      lifetimes.close();
      listeners.clear();
      return options.lastGood?.settled() ?? Promise.resolve();
    },
  };
}

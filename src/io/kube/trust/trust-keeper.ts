// A replica's trust over time: the leader makes, publishes and rotates the authority; every replica signs a leaf of its own and renews it.
// Runs until it is stopped; what fails is told and tried again, and what stands goes on standing.
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../../core/model/app-error.ts';
import { bundleOf, leafDueMs, nextStep, type AuthorityState } from '../../../core/trust/authority.ts';
import { hubName, hubNames } from '../../../core/trust/trust-names.ts';
import type { KubeApi } from '../api/kube-api.ts';
import { readAuthorityObjects, readAuthorityState } from './authority-objects.ts';
import { makeAuthority, makeLeaf, type KeptLeaf } from './certificates.ts';

/** What a replica needs to be trusted. */
export interface TrustKeeperOptions {
  readonly api: KubeApi;
  /** Of the hub. */
  readonly namespace: string;
  /** Only who holds the Lease writes. It may have lost it by now: writes carry a resourceVersion. */
  readonly isLeader: () => boolean;
  /** Every agent that is connected has said that it trusts this bundle (PEM). */
  readonly isAcknowledged: (bundle: string) => boolean;
  /** Told at first and whenever one of them changes. */
  readonly onTrust: (trust: HubTrust) => void;
  /** After each look: what went wrong, or undefined. */
  readonly onProblem: (problem: AppError | undefined) => void;
  /** Epoch ms. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Between two looks, ms. */
  readonly lookMs?: number;
}

/** What a replica shows and believes. */
export interface HubTrust {
  readonly leaf: KeptLeaf;
  /** PEM: who signs, will sign, has signed. */
  readonly bundle: string;
}

/** A replica that does not lead learns of a new authority by looking, ms. */
const lookMs = 15_000;
/** Before there is any: until somebody leads and has made it, ms. */
const firstLookMs = 500;
/** More writes in one round than a whole rotation takes: something undoes ours. */
const mostSteps = 8;

type Tending = Pick<TrustKeeperOptions, 'api' | 'namespace' | 'isAcknowledged' | 'now'>;

const isLost = (error: unknown): boolean => error instanceof AppError && error.code === 'KUBE_CONFLICT';

/** One step and whether another is due. A lost race is no failure: the winner's state is read in the next round. */
async function tendOnce({
  api,
  namespace,
  isAcknowledged,
  now,
}: Tending): Promise<AuthorityState | undefined> {
  const objects = await readAuthorityObjects(api, namespace);
  const { state, published, caBundle } = objects;
  const nowMs = now();
  const step = nextStep({ nowMs, state, published, caBundle, isAcknowledged });
  if (step.type === 'wait') return state;
  try {
    if (step.type === 'publish') await objects.publish(step.bundle);
    else if (step.type === 'make') await objects.store({ current: await makeAuthority(nowMs) });
    else if (step.type === 'store') await objects.store(step.state);
    else await objects.store({ ...step.state, next: await makeAuthority(nowMs) });
  } catch (error) {
    if (!isLost(error)) throw error;
  }
  return undefined;
}

/**
 * Takes all steps that are due and answers the state that stands.
 * @throws AppError when the API server refuses, or somebody keeps undoing what is written.
 */
export async function tendAuthority(options: Tending): Promise<AuthorityState> {
  for (let steps = 0; steps < mostSteps; steps += 1) {
    const state = await tendOnce(options);
    if (state !== undefined) return state;
  }
  throw new AppError({
    code: 'AUTHORITY_CONTESTED',
    family: 'refused',
    message: `The hub's certificate authority in namespace ${options.namespace} does not come to rest: somebody else writes it too.`,
    hint: 'Look who manages the Secret and ConfigMap apidefense-ca; GitOps must leave their data alone.',
  });
}

const stateNow = (options: TrustKeeperOptions): Promise<AuthorityState | undefined> =>
  options.isLeader() ? tendAuthority(options) : readAuthorityState(options.api, options.namespace);

/** The same trust when nothing was due. */
async function lookedAt(
  options: TrustKeeperOptions,
  trust: HubTrust | undefined,
): Promise<HubTrust | undefined> {
  const { namespace, now } = options;
  const state = await stateNow(options);
  // Nobody has led yet.
  if (state === undefined) return trust;
  const bundle = bundleOf(state);
  const isDue = now() >= leafDueMs(trust?.leaf, state);
  if (!isDue && trust?.bundle === bundle) return trust;
  const request = { commonName: hubName, dnsNames: hubNames(namespace) };
  const leaf =
    isDue || trust === undefined
      ? await makeLeaf(state.current, { ...request, usages: ['server', 'client'] }, now())
      : trust.leaf;
  return { leaf, bundle };
}

const asProblem = (error: unknown): AppError =>
  error instanceof AppError
    ? error
    : new AppError({
        code: 'TRUST_FAILED',
        family: 'internal',
        message: `The hub's certificates cannot be made: ${error instanceof Error ? error.message : String(error)}.`,
        hint: 'The certificate that stands is used until it expires; look at the Secret apidefense-ca.',
        cause: error,
      });

/** Resolves when `signal` aborts; never rejects. */
export async function keepTrust(options: TrustKeeperOptions): Promise<void> {
  const { signal } = options;
  let trust: HubTrust | undefined;
  while (!signal.aborted) {
    try {
      const next = await lookedAt(options, trust);
      if (next !== undefined && next !== trust) options.onTrust(next);
      trust = next;
      options.onProblem(undefined);
    } catch (error) {
      options.onProblem(asProblem(error));
    }
    const nextMs = options.lookMs ?? (trust === undefined ? firstLookMs : lookMs);
    await pause(nextMs, undefined, { signal }).catch(() => undefined);
  }
}

// What owns the ReplicaSets and Jobs that own pods, asked of the API server once each, a few at a time, and kept while a pod names them.
// Nobody waits for it: what is not known yet, or may not be asked, is simply not in `known`.
import { AppError } from '../../../core/model/app-error.ts';
import type { KubeApi } from '../api/kube-api.ts';
import type { ResourceKind } from '../api/resource-kind.ts';
import { controllerOf, type ControllerOwner, type KnownPod } from './trim-pod.ts';
import { isLink, type Owners } from './workload-of.ts';

/** What is needed to ask. */
export interface PodOwnersOptions {
  readonly api: KubeApi;
  /** Something more is known. */
  readonly onResolved: () => void;
  /** A whole sentence, once: asking is refused, names are guessed. */
  readonly onNotice: (sentence: string) => void;
}

/** Owners of owners. */
export interface PodOwners {
  readonly known: Owners;
  /** Asks for what these pods need and forgets what they do not. */
  need(pods: Iterable<KnownPod>): void;
  close(): void;
}

/** Requests under way at once: a node that restarts has a hundred pods. */
const atOnce = 4;
/** After a failure that may pass, ms. */
const againMs = 10_000;

interface Wanted extends ControllerOwner {
  readonly namespace: string;
}

interface Asking extends PodOwnersOptions {
  readonly known: Map<string, Pick<ControllerOwner, 'kind' | 'name'> | null>;
  /** By UID: to be asked, or under way. */
  readonly wanted: Map<string, Wanted>;
  readonly underWay: Set<string>;
  /** Not to be asked again: gone, or another object under that name. */
  readonly given: Set<string>;
  /** No right to look at owners: once is enough. */
  isRefused: boolean;
  again: NodeJS.Timeout | undefined;
}

const kindOf = ({ kind, apiVersion }: Wanted): ResourceKind => {
  const [group = '', version = ''] = apiVersion.split('/');
  return { group, version, kind, plural: `${kind.toLowerCase()}s`, namespaced: true };
};

function refused(asking: Asking, error: AppError): void {
  if (asking.isRefused) return;
  asking.isRefused = true;
  asking.onNotice(
    `${error.message} Names of Deployments are taken from their pods, those of CronJobs are not known.`,
  );
}

async function askOne(asking: Asking, owner: Wanted): Promise<void> {
  const { api, known, wanted, given } = asking;
  try {
    const { namespace, name, uid } = owner;
    const { meta } = await api.get(kindOf(owner), { namespace, name }, { metadataOnly: true });
    wanted.delete(uid);
    // Another object of that name has no say.
    if (meta.uid !== uid) given.add(uid);
    else known.set(uid, controllerOf(meta.ownerReferences) ?? null);
    asking.onResolved();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'KUBE_NOT_FOUND') {
      wanted.delete(owner.uid);
      given.add(owner.uid);
    } else if (error.code === 'KUBE_FORBIDDEN') refused(asking, error);
    else asking.again ??= setTimeout(() => askAgain(asking), againMs).unref();
  }
}

function askAgain(asking: Asking): void {
  asking.again = undefined;
  askMore(asking);
}

function askMore(asking: Asking): void {
  const { wanted, underWay } = asking;
  if (asking.isRefused || asking.again !== undefined) return;
  for (const owner of wanted.values()) {
    if (underWay.size >= atOnce) return;
    if (underWay.has(owner.uid)) continue;
    underWay.add(owner.uid);
    void askOne(asking, owner).finally(() => {
      underWay.delete(owner.uid);
      askMore(asking);
    });
  }
}

function need(asking: Asking, pods: Iterable<KnownPod>): void {
  const { known, wanted, given } = asking;
  const named = new Set<string>();
  for (const { owner, namespace } of pods) {
    if (owner === undefined || !isLink(owner)) continue;
    named.add(owner.uid);
    if (!known.has(owner.uid) && !given.has(owner.uid)) wanted.set(owner.uid, { ...owner, namespace });
  }
  for (const kept of [known, wanted, given])
    for (const uid of kept.keys()) if (!named.has(uid)) kept.delete(uid);
  askMore(asking);
}

/** Asks nothing before `need`. */
export function createPodOwners(options: PodOwnersOptions): PodOwners {
  const asking: Asking = {
    ...options,
    ...{ known: new Map(), wanted: new Map(), underWay: new Set(), given: new Set() },
    ...{ isRefused: false, again: undefined },
  };
  return {
    known: asking.known,
    need: (pods) => need(asking, pods),
    close: () => {
      clearTimeout(asking.again);
      asking.isRefused = true;
    },
  };
}

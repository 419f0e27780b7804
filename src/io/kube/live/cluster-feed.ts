// A cluster as a feed that can be written to: everything that flows from its hub, policies from its API server and back to it, with the
// person's own credentials. The hub writes nothing for anybody.
import { errorWords } from '../../../core/model/app-error.ts';
import { policyName } from '../../../core/model/brand.ts';
import type { ApiEvent } from '../../../core/model/event.ts';
import type { Operation } from '../../../core/model/feed-message.ts';
import type { FeedMessage, FeedPort } from '../../../core/model/feed-port.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import type { KubePolicyStore } from '../policies/kube-policy-store.ts';
import type { ReflectorState } from '../watch/reflector.ts';
import { createClusterPolicies, type ClusterPolicies } from './cluster-policies.ts';

/** Both halves, and who asks. */
export interface ClusterFeedOptions {
  /** Not started. */
  readonly hub: FeedPort;
  /** Called when the feed is started; `onState` as the store's. */
  readonly openStore: (onState: (state: ReflectorState) => void) => KubePolicyStore;
  /** As the API server knows the person; asked for each change. */
  readonly author: () => Promise<string>;
  /** A refused write with everything that is missing; any other failure as it is. */
  readonly explained: (policy: Policy, error: unknown) => Promise<unknown>;
  /** What is to be done at the end. */
  readonly onClose: () => void;
  /** Epoch ms. */
  readonly now: () => number;
}

interface Running {
  readonly store: KubePolicyStore;
  readonly policies: ClusterPolicies;
}

type Batch = Extract<FeedMessage, { type: 'batch' }>;

/** The hub's words on policies go through the join; the rest, with its texts, as it is. */
function joined({ events, texts }: Batch, policies: ClusterPolicies, nowMs: number): Batch {
  const out: ApiEvent[] = [];
  const outTexts: (string | undefined)[] = [];
  for (const [index, event] of events.entries()) {
    const told = event.type === 'policy' ? policies.heard(event, nowMs) : [event];
    for (const each of told) {
      out.push(each);
      outTexts.push(each === event ? texts?.[index] : undefined);
    }
  }
  return { type: 'batch', events: out, ...(texts === undefined ? {} : { texts: outTexts }) };
}

/** The hub refuses writes, whoever asks; this feed takes them elsewhere. */
function passed(message: FeedMessage, { policies }: Running, nowMs: number): FeedMessage {
  if (message.type === 'hello') return { ...message, hello: { ...message.hello, writable: true } };
  return message.type === 'batch' ? joined(message, policies, nowMs) : message;
}

const isEmpty = (message: FeedMessage): boolean => message.type === 'batch' && message.events.length === 0;

const stateMessage = ({ problem, since }: ReflectorState): FeedMessage => ({
  type: 'policies',
  ...(problem === undefined ? {} : { problem: errorWords(problem) }),
  ...(since === undefined ? {} : { sinceMs: since }),
});

/** Policies as they are, and as they become. */
function follow({ openStore, now }: ClusterFeedOptions, emit: (message: FeedMessage) => void): Running {
  const tell = (): void => {
    const events = running.policies.changed(now());
    if (events.length > 0) emit({ type: 'batch', events });
  };
  const store = openStore((state) => {
    tell();
    emit(stateMessage(state));
  });
  const running: Running = { store, policies: createClusterPolicies(store) };
  store.onChange(tell);
  return running;
}

/** Carries out what changes policies; undefined for what is the hub's. */
function change(
  options: ClusterFeedOptions,
  store: KubePolicyStore,
  operation: Operation,
): Promise<unknown> | undefined {
  const { author, explained } = options;
  switch (operation.op) {
    case 'policy.apply': {
      const { object, dryRun = false } = operation;
      const written = async (): Promise<unknown> => store.apply(object, { dryRun, author: await author() });
      return written().catch(async (error: unknown) => {
        throw await explained(object, error);
      });
    }
    case 'policy.remove':
      return author().then((who) => store.remove(policyName(operation.name), { author: who }));
    case 'policy.undo': {
      const { dryRun = false, change: only } = operation;
      return store.undo({ dryRun, ...(only === undefined ? {} : { change: only }) });
    }
    case 'policy.list':
      return Promise.resolve(store.entries());
    case 'status':
    case 'node':
    case 'nodes':
      return undefined;
  }
}

/** Nothing is asked of hub and API server before `start`. */
export function createClusterFeed(options: ClusterFeedOptions): FeedPort {
  const { hub, now } = options;
  let running: Running | undefined;
  return {
    kind: 'live',
    start(listener) {
      const following = follow(options, listener);
      running = following;
      hub.start((message) => {
        const shown = passed(message, following, now());
        if (!isEmpty(shown)) listener(shown);
      });
    },
    request(operation) {
      if (running === undefined) return hub.request(operation);
      return change(options, running.store, operation) ?? hub.request(operation);
    },
    async close() {
      await hub.close();
      await running?.store.close();
      options.onClose();
    },
  };
}

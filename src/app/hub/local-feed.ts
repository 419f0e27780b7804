// The hub's feed for terminals and verbs of its own machine: the whole stream, so it is only there where somebody asked for it. Knows no TLS.
import { randomBytes } from 'node:crypto';
import { AppError } from '../../core/model/app-error.ts';
import type { Operation } from '../../core/model/feed-message.ts';
import type { LocalAddress } from '../../io/feed/feed-address.ts';
import type { DoorFeed } from '../../io/kube/door/door-options.ts';
import { startFeedServer, type FeedServer } from '../../io/feed/feed-server.ts';
import type { EventWindow } from '../agent/event-window.ts';
import { hubHello, hubHistory } from './hub-feed.ts';

/** Where it listens, and who may. */
export interface LocalFeed {
  readonly address: LocalAddress;
  /** Of TCP. */
  readonly token?: string;
}

function refuse({ op }: Operation): Promise<never> {
  return Promise.reject(
    new AppError({
      code: 'HUB_READ_ONLY',
      family: 'denied',
      message: `The hub does not carry out ${op}: it may write the status of policies and nothing else.`,
      hint: 'Write FlowPolicy objects with your own rights: kubectl apply -f FILE.',
    }),
  );
}

/** @throws AppError when the address cannot be had. */
export const startLocalFeed = (
  where: LocalFeed,
  { window, status, nodes }: { readonly window: EventWindow } & Pick<DoorFeed, 'status' | 'nodes'>,
): Promise<FeedServer> =>
  startFeedServer({
    ...where,
    ...{ hello: hubHello, status, history: (sinceMs, last) => hubHistory(window, sinceMs, last) },
    numbering: { epoch: randomBytes(6).toString('hex'), sequence: () => window.sequence() },
    handle(operation) {
      if (operation.op === 'status') return Promise.resolve(status());
      return operation.op === 'nodes' ? Promise.resolve({ nodes: nodes() }) : refuse(operation);
    },
  });

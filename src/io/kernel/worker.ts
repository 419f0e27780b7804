// Entry of the data-plane worker: wires inspection and policy into the loop. The only file of io/kernel that knows both.
import { randomFillSync } from 'node:crypto';
import { workerData } from 'node:worker_threads';
import { createRouteLearner } from '../../core/catalog/route-learner.ts';
import { createConversation } from '../../core/inspect/conversation.ts';
import { newExchange } from '../../core/inspect/new-exchange.ts';
import { createWorkspace } from '../../core/inspect/workspace.ts';
import { createDirectory } from '../../core/model/directory.ts';
import type { ConnectionEnds } from '../../core/model/identity.ts';
import { createBuckets } from '../../core/policy/buckets.ts';
import { createDecider } from '../../core/policy/decide.ts';
import { createWatchingPolicy } from '../../core/tap/watching-policy.ts';
import type { Connection } from './connection.ts';
import { createIdentity } from './identity.ts';
import { runWorker, type Brain } from './run-worker.ts';
import type { WorkerSetup } from './worker-message.ts';

const setup = workerData as WorkerSetup;

/** 16 hex digits from the system's generator. */
function createRandomId(): () => string {
  const bytes = Buffer.alloc(8);
  return () => randomFillSync(bytes).toString('hex');
}

/** Of a connection that came by no explicit listener. */
function endsOf(sink: Connection): ConnectionEnds {
  const ends = sink.ends();
  if (ends === undefined) throw new Error(`connection ${sink.number} has lost its ends`);
  return ends;
}

/** Conversations judged by the decider in force, which is replaced between two events; throttles outlive the change. */
function createBrain(): Brain {
  const { listeners } = setup;
  const buckets = createBuckets();
  let current = createDecider(setup.snapshot, listeners, buckets);
  const decider = (): typeof current => current;
  const directory = createDirectory();
  if (setup.directory !== undefined) directory.apply(setup.directory);
  const shared = { routes: createRouteLearner(), workspace: createWorkspace() };
  const watching = createWatchingPolicy(setup.snapshot);
  const exchange = newExchange();
  const randomId = createRandomId();
  return {
    converse: (sink) => {
      if (current.isFull()) current = current.renewed();
      return createConversation({
        connection: sink.number,
        listener: sink.listener,
        sink,
        decider,
        ...shared,
        exchange,
        randomId,
        clientAddress: sink.clientAddress,
        ...(sink.ends() === undefined ? {} : { ends: () => endsOf(sink) }),
      });
    },
    identity: createIdentity(directory),
    watching: { policy: watching, ...shared },
    replaceSnapshot(buffer, update) {
      if (update !== undefined) directory.apply(update);
      current = createDecider(buffer, listeners, buckets);
      watching.replace(buffer);
    },
    replaceDirectory(update) {
      directory.apply(update);
      current = current.renewed();
      watching.renew();
    },
  };
}

await runWorker(setup, createBrain);

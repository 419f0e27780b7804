// The real thing for the preview's property test: node:http upstreams, a data plane from source with a listener per lane, the real
// assembler and masker, and conversations of the same requests in the same order under any set of policies.
import { createServer, type Server } from 'node:http';
import { createFlowAssembler } from '../../src/core/inspect/flow-event.ts';
import { createMasker } from '../../src/core/mask/masker.ts';
import { millis } from '../../src/core/model/brand.ts';
import type { FlowEvent } from '../../src/core/model/event.ts';
import { peerFromName, type ListenerConfig } from '../../src/core/model/identity.ts';
import { compilePolicies } from '../../src/core/policy/compile.ts';
import { describeVerdict } from '../../src/core/policy/describe-verdict.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import type { Snapshot } from '../../src/core/policy/snapshot.ts';
import { startDataPlane } from '../../src/io/kernel/data-plane.ts';
import { until } from '../helpers/until.ts';
import { bytesOf, lanes, type Ask } from './preview-traffic.ts';
import { createRawClient, upstreamMark, type Answer } from './raw-http-client.ts';
import { portOf } from '../helpers/listening.ts';

/** One conversation: per request what the client got and what the agent recorded. */
export interface Held {
  readonly answers: readonly Answer[];
  readonly flows: readonly FlowEvent[];
}

export interface PreviewLab extends AsyncDisposable {
  /** Puts the set in force, sends every request in order and waits for every record. */
  hold(policies: readonly Policy[], asks: readonly Ask[]): Promise<Held>;
}

const statusOf = (method: string, path: string): number => {
  if (path.startsWith('/missing')) return 404;
  if (path.startsWith('/admin')) return 401;
  return method === 'POST' ? 201 : 200;
};

async function startUpstream(): Promise<Server> {
  const server = createServer((incoming, answer) => {
    incoming.resume().on('end', () => {
      answer.statusCode = statusOf(incoming.method ?? '', incoming.url ?? '');
      answer.setHeader(upstreamMark, 'node').end('{"ok":true}');
    });
  });
  server.keepAliveTimeout = 0;
  server.on('clientError', (_error, socket) =>
    socket.end(
      `HTTP/1.1 400 Bad Request\r\n${upstreamMark}: node\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
    ),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** A lane that no policy of these tests can select: what goes over it only tells which snapshot is in force. */
const probe = peerFromName('probe', 'elsewhere');

function listenersFor(upstreamPort: number): readonly ListenerConfig[] {
  const ends = [...lanes, { source: probe, destination: probe }];
  return ends.map(({ source, destination }) => ({
    listen: { host: '127.0.0.1', port: 0 },
    upstream: { host: '127.0.0.1', port: upstreamPort },
    source,
    destination,
  }));
}

export async function startPreviewLab(): Promise<PreviewLab> {
  const upstream = await startUpstream();
  const listeners = listenersFor(portOf(upstream));
  const probeListener = listeners.length - 1;
  const compile = (policies: readonly Policy[], generation: number): Snapshot =>
    compilePolicies(policies, { generation, nowMs: millis(Date.now()) });
  let snapshot = compile([], 1);
  let probedGeneration = 0;
  let flows: FlowEvent[] = [];
  const assemble = createFlowAssembler({
    listeners,
    agent: 'lab',
    masker: createMasker(Buffer.alloc(32, 7)),
    describe: ({ decision }, path, principal) =>
      describeVerdict(decision, snapshot, { normalisedPath: path, principal }),
  });
  const plane = await startDataPlane({
    listeners,
    snapshot: snapshot.buffer,
    onExchange(exchange) {
      if (exchange.listener === probeListener) {
        probedGeneration = exchange.generation;
        return;
      }
      const flow = assemble(exchange);
      // An opaque connection is told twice; only its end, the complete record, belongs to the conversation.
      if (flow.opening !== true) flows.push(flow);
    },
    onLost: (where, count) => {
      throw new Error(`${count} lost in ${where}`);
    },
    onFault: (error) => {
      throw error;
    },
  });
  const client = createRawClient();
  const say = (listener: number, localAddress: string, ask: Ask): Promise<Answer> =>
    client.send({ port: plane.ports[listener] ?? 0, localAddress }, bytesOf(ask), {
      headOnly: ask.method === 'HEAD',
      last: ask.raw !== undefined,
    });
  const knock: Ask = { lane: 0, method: 'GET', target: '/', host: 'probe', headers: [], body: '' };

  /** Puts a set in force: a request judged by it has been seen. */
  async function enforce(policies: readonly Policy[]): Promise<void> {
    snapshot = compile(policies, snapshot.generation + 1);
    plane.setSnapshot(snapshot.buffer);
    await until('a request judged by the new set', async () => {
      if (probedGeneration !== snapshot.generation) await say(probeListener, '127.0.0.1', knock);
      return probedGeneration === snapshot.generation;
    });
  }

  return {
    async hold(policies, asks) {
      await enforce(policies);
      flows = [];
      const answers: Answer[] = [];
      for (const ask of asks) {
        answers.push(await say(ask.lane, lanes[ask.lane]?.clientAddress ?? '', ask));
        // What is not HTTP is recorded when its connection ends; records are compared in the order of the requests.
        if (ask.raw !== undefined) await until('its record', () => flows.length >= answers.length);
      }
      await until('every record', () => flows.length >= asks.length);
      return { answers, flows };
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await plane.stop(0);
      upstream.closeAllConnections();
      upstream.close();
    },
  };
}

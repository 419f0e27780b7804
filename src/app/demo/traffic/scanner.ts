// The attacker: plays the drawn phases round after round. Being refused or told to wait does not stop it.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertNever } from '../../../core/model/assert-never.ts';
import { clientsFor } from '../callee-clients.ts';
import { drawPeople, takenOverPerson } from '../data/people.ts';
import { textField } from '../http/fields.ts';
import type { Answer, Ask, Client } from '../http/json-client.ts';
import { createRandom } from '../seeded-random.ts';
import { hostHeader, type CalleeUrls, type ServiceName } from '../topology.ts';
import { drawAttack, type Phase } from './attack-plan.ts';
import { differentialBytes } from './differentials.ts';
import { createPacer, type Pacer } from './pacer.ts';
import type { TrafficStart } from './traffic-start.ts';

/** The shop is seen alone for a moment first. */
const firstPhaseAfterMs = 1500;
/** A raw request that nobody answers is given up after this. */
const rawTimeoutMs = 1500;

interface Scanner {
  readonly call: (target: ServiceName, ask: Ask) => Promise<Answer>;
  /** A token of the taken-over account, signing in when there is none. */
  readonly token: () => Promise<string | undefined>;
  /** Sends the bytes that `bytesFor` makes for the `Host` of the target. */
  readonly raw: (target: ServiceName, bytesFor: (host: string) => Buffer) => Promise<void>;
}

/** Begins and goes on until the process ends. */
export function runScanner({ urls, seed }: TrafficStart): void {
  const random = createRandom(seed);
  const scanner = createScanner(urls, seed);
  void (async () => {
    await sleep(firstPhaseAfterMs);
    for (let round = 0; ; round++) {
      for (const phase of drawAttack(random, round)) {
        await play(phase, scanner);
        await sleep(phase.pauseMs);
      }
    }
  })();
}

function createScanner(urls: CalleeUrls, seed: number): Scanner {
  const clients: ReadonlyMap<ServiceName, Client> = clientsFor(urls, {
    userAgent: 'python-requests/2.32.3',
    maxSocketsPerCallee: 4,
  });
  const self = takenOverPerson(drawPeople(createRandom(seed)));
  const call: Scanner['call'] = (target, ask) => {
    const client = clients.get(target);
    if (client === undefined) throw new Error(`scanner has no way to ${target}`);
    return client.call(ask);
  };
  return {
    call,
    token: async () => {
      const body = { email: self.email, password: self.password };
      const answer = await call('users', { method: 'POST', path: '/login', body });
      return textField(answer.body, 'token', 2000);
    },
    raw: (target, bytesFor) => {
      const url = urls[target] ?? '';
      return sendRaw(url, bytesFor(hostHeader(target, url)));
    },
  };
}

async function play(phase: Phase, scanner: Scanner): Promise<void> {
  const pacer = createPacer({
    perSecond: phase.perSecond,
    now: () => performance.now(),
    sleep: (ms) => sleep(ms),
    jitter: () => 1,
  });
  const token =
    phase.type === 'enumerate' || phase.type === 'url-credential' ? await scanner.token() : undefined;
  await inTurn(pacer, actionsOf(phase, scanner, token));
}

/** Starts each action at its turn without waiting for the answer of the one before, as scanners do. */
async function inTurn(pacer: Pacer, actions: readonly (() => Promise<unknown>)[]): Promise<void> {
  const running: Promise<unknown>[] = [];
  for (const action of actions) {
    await pacer.turn(1);
    running.push(action());
  }
  await Promise.all(running);
}

function actionsOf(
  phase: Phase,
  { call, raw }: Scanner,
  token: string | undefined,
): readonly (() => Promise<unknown>)[] {
  const get = (target: ServiceName, path: string, more: Partial<Ask> = {}) => {
    return () => call(target, { method: 'GET', path, ...more });
  };
  switch (phase.type) {
    case 'scan':
      return phase.paths.map((path) =>
        get(phase.target, path, { headers: { 'user-agent': phase.userAgent } }),
      );
    case 'log-ins':
      return phase.attempts.map((body) => () => call('users', { method: 'POST', path: '/login', body }));
    case 'enumerate':
      return phase.requests.map(({ target, path }) => get(target, path, { token }));
    case 'no-token':
      return phase.paths.map((path) => get('legacy-v1', path));
    case 'url-credential':
      return phase.paths.map((path) => get(phase.target, path.replace('{token}', token ?? 'none')));
    case 'differentials':
      return phase.names.map((name) => () => {
        return raw(phase.target, (host) => differentialBytes(name, host, phase.path));
      });
    default:
      return assertNever(phase);
  }
}

/** Sends bytes on a connection of their own and reads until the other side is done or time is up. Never rejects. */
async function sendRaw(url: string, bytes: Buffer): Promise<void> {
  const { hostname, port } = new URL(url);
  await new Promise<void>((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve();
    };
    const timer = setTimeout(done, rawTimeoutMs);
    socket.on('connect', () => socket.write(bytes));
    socket.resume();
    socket.on('end', done);
    socket.on('error', done);
    socket.on('close', done);
  });
}

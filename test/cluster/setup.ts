// Of vitest's `cluster` project: prepares once before its tests, starts one lab for all of them when the first one asks, and ends it.
// With `KUBECONFIG=… npm run test:cluster` that cluster is taken instead. Reasons to skip are provided before a test file is read.
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { TestProject } from 'vitest/node';
import { prepare, startLab, type Preparations } from './lab/preparations.ts';
import type { LabAnswer, LabProcess } from './lab/lab-process.ts';

/** What test files are told before they run. */
export interface ProvidedCluster {
  /** Why there is no API server, '' when there is. */
  readonly noApi: string;
  /** Why there are no nodes of a lab, '' when there are. */
  readonly noNodes: string;
  /** A kubeconfig of somebody's own, '' when a lab is meant. */
  readonly ownKubeconfig: string;
  /** Where a lab is had: a connection to this port of loopback is answered with a line of JSON once it runs. */
  readonly port: number;
  readonly prepared: Preparations;
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly cluster: ProvidedCluster;
  }
}

/** Only where the name of the script says that a cluster is meant: people have KUBECONFIG set for other reasons. */
const ownKubeconfig =
  process.env['npm_lifecycle_event'] === 'test:cluster' ? (process.env['KUBECONFIG'] ?? '') : '';
const isRequired = process.env['REQUIRE_CLUSTER'] === '1';

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const nothing: Preparations = { noApi: '', noNodes: '', binary: '', packages: '', images: [] };

function refuseToSkip({ noApi, noNodes }: Preparations): void {
  const reason = noApi === '' ? noNodes : noApi;
  if (isRequired && reason !== '')
    throw new Error(`REQUIRE_CLUSTER=1, and this machine cannot run the cluster tests: ${reason}`);
  if (reason !== '')
    say(`Of the cluster tests ${noApi === '' ? 'those with nodes' : 'all'} are skipped: ${reason}`);
}

/** Serves the one lab; it is started by whoever asks first. */
class LabOnDemand {
  readonly #server: Server;
  readonly #prepared: Preparations;
  #lab: Promise<LabProcess> | undefined;

  constructor(prepared: Preparations) {
    this.#prepared = prepared;
    this.#server = createServer((socket) => void this.#answer(socket));
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no port');
    return address.port;
  }

  #start(): Promise<LabProcess> {
    return startLab(this.#prepared.noNodes === '' ? 'node' : 'api', this.#prepared);
  }

  async #answer(socket: Socket): Promise<void> {
    socket.on('error', () => undefined);
    let answer: LabAnswer;
    try {
      const { facts } = await (this.#lab ??= this.#start());
      answer = { facts };
    } catch (error) {
      answer = { error: error instanceof Error ? error.message : String(error) };
    }
    socket.end(`${JSON.stringify(answer)}\n`);
  }

  async end(): Promise<void> {
    this.#server.close();
    const lab = await this.#lab?.catch(() => undefined);
    await lab?.[Symbol.asyncDispose]();
  }
}

/** Called by vitest; what it answers is called after the last test. @throws Error when something is missing that REQUIRE_CLUSTER wants. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (ownKubeconfig !== '') {
    say(`The cluster tests use the cluster of KUBECONFIG: ${ownKubeconfig}`);
    const noNodes = 'the cluster is the one of KUBECONFIG, and these tests look into machines';
    project.provide('cluster', { noApi: '', noNodes, ownKubeconfig, port: 0, prepared: nothing });
    return () => Promise.resolve();
  }
  const prepared = await prepare(say);
  refuseToSkip(prepared);
  const lab = new LabOnDemand(prepared);
  const { noApi, noNodes } = prepared;
  project.provide('cluster', { noApi, noNodes, ownKubeconfig, port: await lab.listen(), prepared });
  return () => lab.end();
}

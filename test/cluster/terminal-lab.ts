// What tests of the terminal on a cluster share: a hub's door behind the lab's API server with made-up flows in two namespaces, a kubeconfig of
// three contexts, people with real tokens, and terminals that are closed after each test.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import type { KubeObject } from '../../src/io/kube/api/kube-object.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import type { KubeTarget } from '../../src/io/kube/config/kube-target.ts';
import { apiServiceName } from '../../src/core/trust/trust-names.ts';
import { createCli, type Cli } from '../helpers/cli.ts';
import { sampleEndpoint, sampleFlow } from '../helpers/sample-flow.ts';
import { launch, type LaunchOptions, type TestTerminal } from '../helpers/terminal.ts';
import { makePerson, openHubDoor, untilTakenIn, type HubDoor } from './hub-door.ts';
import { allow, clientOf, installDefinitions } from './kube-clients.ts';
import { writeKubeconfig } from './kubeconfigs.ts';
import type { Cluster } from './lab/cluster.ts';
import { configOf, makeNamespace, noLab, sharedCluster, type OwnNamespace } from './lab/shared-cluster.ts';
import { describeUnless } from '../helpers/unless.ts';

/** The group of what the hub serves. */
export const live = 'live.apidefense.dev';

/** A rule for `allow`: to watch flows and findings. */
export const watching = (user: string) => ({
  ...{ user, apiGroups: [live], resources: ['flows', 'findings'], verbs: ['watch'] },
});

/** Of FlowPolicies; a role of its own. */
export const editing = (user: string, verbs = ['get', 'list', 'watch', 'create', 'patch', 'delete']) => ({
  ...{ user, apiGroups: [kinds.flowPolicies.group], resources: ['flowpolicies'], verbs },
  name: `${user}-${verbs.length}`,
});

/** What is on the screen, without frames and line breaks. */
export const screenWords = (terminal: TestTerminal): string =>
  terminal
    .screen()
    .replaceAll(/[│┃▲▼]/g, ' ')
    .replaceAll(/\s+/g, ' ');

/** Types a filter and takes it. */
export async function filterBy(terminal: TestTerminal, filter: string): Promise<void> {
  terminal.press('/');
  terminal.type(filter);
  await terminal.waitFor((screen) => screen.includes(`/${filter}`));
  terminal.press('enter');
  await terminal.waitFor((screen) => screen.includes(`filter: ${filter}`));
}

/** Sizes that every screen is shown at. */
export const sizes = [
  [80, 24],
  [200, 50],
] as const;

/** Somebody with a token. */
export interface Person {
  readonly user: string;
  /** With their kubeconfig. */
  readonly env: Readonly<Record<string, string>>;
  readonly target: KubeTarget;
}

/** Flows in the window: five of scanner, one of storefront to orders of `shop`, one of teller to vault of `bank`. */
export interface TerminalLab extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly api: KubeApi;
  readonly hub: HubDoor;
  readonly cli: Cli;
  readonly shop: string;
  readonly bank: string;
  /** Contexts `kind-shop` (a viewer of shop, the current one), `admin` (of shop) and `prod-bank` (an administrator, of bank). */
  readonly kubeconfig: string;
  /** The hub sees one more flow, in `shop` unless said otherwise. */
  readonly say: (from: string, to: string, namespace?: string) => void;
  readonly policiesOf: (namespace: string) => Promise<readonly KubeObject[]>;
  /** The program in a terminal, in a folder of its own. */
  readonly open: (
    args: readonly string[],
    how?: Pick<LaunchOptions, 'cols' | 'rows' | 'env'>,
  ) => TestTerminal;
  /** Somebody with a token, who may watch flows of `shop`, and a kubeconfig whose one context is `kind-shop`. */
  readonly person: (name: string) => Promise<Person>;
  closeTerminals(): Promise<void>;
}

function opener(cli: Cli, kubeconfig: string, opened: TestTerminal[]): TerminalLab['open'] {
  return (args, { env = {}, ...size } = {}) => {
    const folders = { HOME: cli.directory, XDG_STATE_HOME: cli.directory, XDG_RUNTIME_DIR: cli.directory };
    const all = { ...folders, KUBECONFIG: kubeconfig, ...env };
    const terminal = launch({ args, cwd: cli.directory, env: all, ...size });
    opened.push(terminal);
    return terminal;
  };
}

function speaker(hub: HubDoor, shop: string): TerminalLab['say'] {
  let flows = 0;
  return (from, to, namespace = shop) => {
    flows += 1;
    hub.say(
      sampleFlow({
        ...{ id: `f${flows}`, time: new Date().toISOString() },
        ...{ source: sampleEndpoint(from, namespace), destination: sampleEndpoint(to, namespace) },
      }),
    );
  };
}

function firstFlows(say: TerminalLab['say'], bank: string): void {
  for (let count = 0; count < 5; count++) say('scanner', 'orders');
  say('storefront', 'orders');
  say('teller', 'vault', bank);
}

/** Opens it on the shared cluster. */
async function openTerminalLab(): Promise<TerminalLab> {
  const cluster = await sharedCluster();
  const api = clientOf(cluster);
  const owned: OwnNamespace[] = [];
  for (const purpose of ['hub', 'shop', 'bank']) owned.push(await makeNamespace(configOf(cluster), purpose));
  const [own = '', shop = '', bank = ''] = owned.map(({ name }) => name);
  await installDefinitions(api);
  const hub = await openHubDoor(cluster, api, own);
  await untilTakenIn(api);
  const cli = createCli();
  const opened: TestTerminal[] = [];
  const kubeconfigPath = join(cli.directory, 'kubeconfig.yaml');
  const say = speaker(hub, shop);
  firstFlows(say, bank);
  const person: TerminalLab['person'] = async (name) => {
    const { user, target } = await makePerson(cluster, api, { namespace: shop, name });
    await allow(api, shop, watching(user));
    const file = writeKubeconfig(join(cli.directory, `${name}.yaml`), { 'kind-shop': target });
    return { user, env: { KUBECONFIG: file }, target };
  };
  const viewer = await person('viewer');
  await allow(api, shop, editing(viewer.user, ['get', 'list', 'watch']));
  const kubeconfig = writeKubeconfig(kubeconfigPath, {
    'kind-shop': viewer.target,
    admin: { ...api.target, namespace: shop },
    'prod-bank': { ...api.target, namespace: bank },
  });
  const closeTerminals = async (): Promise<void> => {
    for (const terminal of opened.splice(0)) await terminal.close();
  };
  return {
    ...{ cluster, api, hub, cli, shop, bank, kubeconfig, say, person, closeTerminals },
    open: opener(cli, kubeconfig, opened),
    async policiesOf(namespace) {
      const found: KubeObject[] = [];
      await api.list(kinds.flowPolicies, { namespace }, (page) => found.push(...page));
      return found;
    },
    async [Symbol.asyncDispose]() {
      await closeTerminals();
      await api.remove(kinds.apiServices, { name: apiServiceName }).catch(() => undefined);
      await hub[Symbol.asyncDispose]();
      for (const namespace of owned) await namespace[Symbol.asyncDispose]();
      await cli.close();
      api.close();
    },
  };
}

/** Tests that share one such lab, opened before the first and closed after the last; terminals are closed after each. */
export function describeOnTerminalLab(name: string, tests: (lab: () => TerminalLab) => void): void {
  describeUnless(noLab)(name, () => {
    let opened: TerminalLab | undefined;
    const lab = (): TerminalLab => {
      if (opened === undefined) throw new Error('the lab of the terminal is not open');
      return opened;
    };
    beforeAll(async () => {
      opened = await openTerminalLab();
    });
    afterEach(() => opened?.closeTerminals());
    afterAll(() => opened?.[Symbol.asyncDispose]());
    tests(lab);
  });
}

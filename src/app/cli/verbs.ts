// The verbs as a table: name, one line, arguments, options, and where the code is. Help, parsing and dispatch come from it.
// Verb modules are loaded only when run, so that `--help` and the verbs without a terminal stay quick.
import {
  clusterOptions,
  dryRun,
  namespaceOptions,
  previewFrom,
  rootNamespaceOptions,
} from './cluster/cluster-options.ts';
import type { CommandContext } from './command-context.ts';
import { demoInCluster } from './demo/demo-options.ts';
import { installVerbs } from './install/install-verbs.ts';
import {
  connect,
  nodeRoots,
  noUi,
  output,
  rootConnect,
  tableOrJson,
  terminal,
  window,
} from './option-rows.ts';

/** Values of a verb's options as commander hands them over. */
export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;
/** A verb: words and options in, exit status out. Throws AppError for what a person can mend. */
export type RunVerb = (
  words: readonly string[],
  options: OptionValues,
  context: CommandContext,
) => Promise<number>;

/** One option of the command line, as help shows it. */
export interface OptionRow {
  readonly flags: string;
  readonly text: string;
  readonly choices?: readonly string[];
  readonly fallback?: string;
  /** Of `--name [value]`: what it means without one; a value then comes after `=` alone. */
  readonly bare?: string;
  /** May be given again; the values are joined by line breaks. */
  readonly many?: boolean;
}

/** One verb: its line in the help, its options, and where its code is. */
export interface VerbRow {
  /** With arguments, as commander writes them: `replay <file>`. Two words are a verb of a verb, whose row comes before. */
  readonly usage: string;
  readonly text: string;
  readonly options: readonly OptionRow[];
  readonly examples: readonly string[];
  readonly load: () => Promise<RunVerb>;
}

const mutation: readonly OptionRow[] = [
  { flags: '--for <duration>', text: 'lifetime of the policy', fallback: '30m' },
  { flags: '--reason <text>', text: 'why, kept in the policy' },
  {
    flags: '-n, --namespace <name>',
    text: "where the policy lives (default: as the filter's destination says, else the context's)",
  },
  { flags: '--name <name>', text: 'of the policy; one that is there is replaced (default: a new one)' },
  { flags: '--evidence <text>', text: 'what led here, kept in the policy (default: what the preview says)' },
  { flags: '--cluster-wide', text: 'write a ClusterFlowPolicy: destinations in any namespace' },
  { flags: '--shadow', text: 'count what it would do, refuse nothing' },
  { flags: '--unseen', text: 'apply although a workload that the filter names was never seen' },
  { flags: '--all', text: 'list every route of the preview (always, where standard error is no terminal)' },
  dryRun,
  {
    flags: '-o, --output <format>',
    text: 'only print the policy, for Git or somebody who may; write nothing',
    choices: ['yaml', 'json'],
  },
  { flags: '-y, --yes', text: 'do not ask' },
  { flags: '--policies <dir>', text: 'write into this folder instead of through a feed' },
  ...connect,
  ...clusterOptions,
  previewFrom,
];

/** All verbs in the order of the help. */
export const verbs: readonly VerbRow[] = [
  {
    usage: 'demo',
    text: 'run a small shop under live traffic on this machine and open the terminal on it',
    options: [
      { flags: '--rate <n>', text: 'requests per second, 1 to 2000', fallback: '120' },
      { flags: '--seed <n>', text: 'draws people, sessions and attacks; the same seed draws the same' },
      { flags: '--no-attacker', text: 'leave the attacker out' },
      { flags: '--policies <dir>', text: 'policy folder (default: a temporary one, gone at the end)' },
      { flags: '--for <duration>', text: 'end by itself after this time' },
      ...noUi,
      ...terminal,
      ...demoInCluster,
    ],
    examples: [
      'demo',
      'demo --no-ui --for 12s -o ndjson',
      'demo --in-cluster --image registry.example/api-defense:0.1.0',
      'demo --in-cluster --remove',
    ],
    load: async () => (await import('./verbs/demo.ts')).demo,
  },
  {
    usage: 'replay <file>',
    text: 'open a recorded session: same screens, same keys, offline',
    options: [
      { flags: '--speed <x>', text: 'multiple of real time, 0.1 to 1000', fallback: '1' },
      { flags: '--paused', text: 'start paused' },
      ...noUi,
      ...terminal,
    ],
    examples: ['replay recordings/shop-under-attack.adr', 'replay session.adr --no-ui -o ndjson'],
    load: async () => (await import('./verbs/replay.ts')).replay,
  },
  {
    usage: 'agent',
    text: 'put the agent in front of a service on this machine, or to work in the pods of a node (agent status: how it is)',
    options: [
      {
        flags: '--node',
        text: 'work in the pods of this node: tap, block in the kernel, inline where asked (root)',
      },
      {
        flags: '--kube',
        text: 'with --node: pods and policies from the cluster, as its ServiceAccount or KUBECONFIG',
      },
      {
        flags: '--node-name <name>',
        text: 'with --kube: name of this node (default: $NODE_NAME, or the host name)',
      },
      {
        flags: '--hub <url>',
        text: 'with --kube: https://NAME[:PORT] of the hub, which knows the other nodes',
      },
      {
        flags: '--opt-out <label>',
        text: 'with --kube: KEY=VALUE of pods or namespaces to leave alone (default: apidefense.dev/enrol=false)',
      },
      { flags: '--hub-ca <file>', text: "with --hub: PEM of the authority of the hub's certificate" },
      { flags: '--hub-token-file <file>', text: 'with --hub: the projected token for apidefense-hub' },
      {
        flags: '--state <dir>',
        text: 'keeps last good policies (default: in the policy folder) and who is who there, for the next start',
      },
      {
        flags: '--daemonset <name>',
        text: 'with --kube: of the agents; when it is gone at the end, what --state keeps is removed',
      },
      { flags: '--pods <file>', text: 'with --node: YAML of pods, peers and Services (docs/pods-file.md)' },
      ...nodeRoots,
      {
        flags: '--proc <dir>',
        text: "with --node: the node's /proc, for pods without a file of their namespace",
      },
      {
        flags: '--name <name>',
        text: 'with --node: name of the agent, the same at each start (default: from the host)',
      },
      {
        flags: '--generation <n>',
        text: 'with --node: which start this is; the greater one wins (default: the time)',
      },
      {
        flags: '--no-watchdog',
        text: 'with --node: one process, that nobody ends when it hangs and nobody starts again when it dies',
      },
      { flags: '--tap-budget <MiB>', text: 'with --node: memory for the rings of all pods (default: 64)' },
      { flags: '--listen <host:port>', text: 'where callers connect' },
      { flags: '--upstream <host:port>', text: 'the service behind it' },
      { flags: '--source <name>', text: 'who calls: workload, or namespace/workload', fallback: 'client' },
      {
        flags: '--destination <name>',
        text: 'who is called: workload, or namespace/workload',
        fallback: 'service',
      },
      { flags: '--policies <dir>', text: 'folder of FlowPolicy files; without it the agent only observes' },
      { flags: '--feed <address>', text: 'where terminals and verbs connect: 127.0.0.1:PORT or unix:PATH' },
      {
        flags: '--token-file <file>',
        text: 'file whose first line is the token of the feed (default: a new one)',
      },
      {
        flags: '--metrics <address>',
        text: 'serve /metrics (Prometheus) and /healthz here: HOST:PORT, or a port of 127.0.0.1',
      },
      { flags: '--health <address>', text: 'serve /livez and /readyz here, and nothing else (kubelet)' },
      { flags: '--drain <duration>', text: 'how long a stop waits for requests under way', fallback: '5s' },
    ],
    examples: [
      'agent --listen 127.0.0.1:9000 --upstream 127.0.0.1:8080 --source web --destination api --policies policies --feed 127.0.0.1:9901',
      'agent --node --pods pods.yaml --policies policies --feed 127.0.0.1:9901',
    ],
    load: async () =>
      (await import('./watched-verb.ts')).watchedVerb({
        load: async () => (await import('./verbs/agent.ts')).agent,
        when: ({ node, watchdog }) => node === true && watchdog !== false,
      }),
  },
  {
    usage: 'hub',
    text: 'run the hub of a cluster: takes agents, tells them who is who, merges what they see, writes conditions',
    options: [
      {
        flags: '--listen <host:port>',
        text: 'where agents and people connect, by TLS',
        fallback: '0.0.0.0:10250',
      },
      {
        flags: '--namespace <name>',
        text: 'of the agents and of what install made for the hub (default: $POD_NAMESPACE, or the context)',
      },
      {
        flags: '--agent-account <name>',
        text: 'ServiceAccount of the agents',
        fallback: 'apidefense-agent',
      },
      {
        flags: '--opt-out <label>',
        text: 'KEY=VALUE of pods or namespaces that agents leave alone (default: apidefense.dev/enrol=false)',
      },
      { flags: '--lease <name>', text: 'by which one replica leads', fallback: 'apidefense-hub' },
      { flags: '--name <name>', text: 'of this replica (default: $POD_NAME, or the host name)' },
      {
        flags: '--feed <address>',
        text: 'serve all of it to this machine too: 127.0.0.1:PORT or unix:PATH (default: nowhere)',
      },
      {
        flags: '--token-file <file>',
        text: 'file whose first line is the token of the feed (default: a new one)',
      },
    ],
    examples: ['hub', 'hub --feed unix:/run/api-defense/hub.sock'],
    load: async () => (await import('./verbs/hub.ts')).hub,
  },
  {
    usage: 'agent status',
    text: 'how a running agent is: policies in force, workers with CPU, memory, queue and heartbeat, what was lost',
    options: [tableOrJson, ...connect],
    examples: ['agent status', 'agent status --connect 127.0.0.1:9901 -o json'],
    load: async () => (await import('./verbs/agent-status.ts')).agentStatus,
  },
  {
    usage: 'observe [filter...]',
    text: 'print flows',
    options: [...window, output, ...namespaceOptions, ...connect, ...clusterOptions],
    examples: [
      "observe 'to:orders status>=400' --since 5m",
      'observe --follow -o ndjson',
      'observe --context kind-shop -n shop',
    ],
    load: async () => (await import('./verbs/observe.ts')).observe,
  },
  {
    usage: 'findings',
    text: 'print findings',
    options: [
      { flags: '-f, --follow', text: 'go on with what comes' },
      output,
      ...namespaceOptions,
      ...connect,
      ...clusterOptions,
    ],
    examples: ['findings', 'findings -o json', 'findings --cluster -A'],
    load: async () => (await import('./verbs/findings.ts')).findings,
  },
  {
    usage: 'policies',
    text: 'print policies: state, hits, expiry, rejected ones with line and reason',
    options: [output, ...namespaceOptions, ...connect, ...clusterOptions],
    examples: ['policies', 'policies --context kind-shop -A'],
    load: async () => (await import('./verbs/policies.ts')).policies,
  },
  {
    usage: 'block <filter...>',
    text: 'refuse what the filter names, after showing what that would have done',
    options: mutation,
    examples: [
      "block 'from:scanner path:/admin/*' --for 30m --reason 'probes admin'",
      'block from:scanner to:orders --dry-run',
      'block from:scanner to:orders -n shop --context kind-shop --preview-from session.adr',
    ],
    load: async () => (await import('./verbs/mutate.ts')).block,
  },
  {
    usage: 'throttle <filter...>',
    text: 'limit what the filter names, after showing what that would have done',
    options: [
      { flags: '--rate <rate>', text: 'such as 20/s, 600/m', fallback: '10/s' },
      { flags: '--burst <n>', text: 'requests at once before the rate holds (default: those of one second)' },
      {
        flags: '--key <parts>',
        text: 'what shares one bucket: principal, workload, destination, route, method, header:NAME, joined by commas (default: principal)',
      },
      ...mutation,
    ],
    examples: [
      "throttle 'from:nightly to:users' --rate 20/s",
      'throttle to:orders --rate 600/m --key principal,route',
    ],
    load: async () => (await import('./verbs/mutate.ts')).throttle,
  },
  {
    usage: 'undo',
    text: 'revert the newest policy change that still stands, after showing what that would have done',
    options: [
      {
        ...dryRun,
        text: 'show which change that is and what undoing it would have done; write nothing',
      },
      { flags: '-n, --namespace <name>', text: 'of a cluster: only a change to a policy of this namespace' },
      { flags: '-y, --yes', text: 'undo without asking' },
      { flags: '--policies <dir>', text: 'undo in this folder instead of through a feed' },
      ...connect,
      ...clusterOptions,
      previewFrom,
    ],
    examples: ['undo', 'undo --dry-run', 'undo --yes', 'undo --cluster'],
    load: async () => (await import('./verbs/undo.ts')).undo,
  },
  {
    usage: 'explain <flow>',
    text: 'why a flow (its id, or a block id) was allowed or refused, and the nearest miss',
    options: [...namespaceOptions, ...connect, ...clusterOptions],
    examples: ['explain 3fa9c1-4-2', 'explain 3fa9c1-4-2 --cluster'],
    load: async () => (await import('./verbs/explain.ts')).explain,
  },
  {
    usage: 'record <file>',
    text: 'write what an agent sees into a recording, masked',
    options: [
      { flags: '--for <duration>', text: 'end by itself after this time' },
      { flags: '--since <duration>', text: "begin with the agent's memory of so long" },
      ...connect,
    ],
    examples: ['record session.adr --for 5m'],
    load: async () => (await import('./verbs/record.ts')).record,
  },
  ...installVerbs,
];

/** Options of the program without a verb: the terminal on a cluster, or on a running agent. */
export const rootOptions: readonly OptionRow[] = [
  ...rootConnect,
  ...noUi,
  ...terminal,
  ...rootNamespaceOptions,
  ...clusterOptions,
];

/** First words of the usages. */
export const verbNames: readonly string[] = [
  ...new Set(verbs.map(({ usage }) => usage.split(' ', 1)[0] ?? usage)),
];

/** The verb that a command line begins with, in full; undefined when it begins with none. */
export function verbOf([first, second]: readonly string[]): string | undefined {
  const both = `${first ?? ''} ${second ?? ''}`;
  return verbs.some(({ usage }) => usage === both) ? both : verbNames.find((name) => name === first);
}

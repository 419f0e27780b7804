// Rows of the verbs that put api-defense into a cluster and look after it: `install`, `uninstall` and what belongs to them. Loads nothing of Kubernetes.
import { kubectlOptions } from '../cluster/cluster-options.ts';
import { nodeRoots, tableOrJson } from '../option-rows.ts';
import type { OptionRow, VerbRow } from '../verbs.ts';

/** What is installed, and how. */
const chosen: readonly OptionRow[] = [
  { flags: '--image <image>', text: 'image of agents and hub; none is published' },
  { flags: '--values <file>', text: 'YAML file of options, as the Helm chart takes it' },
  { flags: '--image-pull-policy <when>', text: 'IfNotPresent, Always or Never (default: IfNotPresent)' },
  {
    flags: '--image-pull-secret <names>',
    text: 'Secrets of the namespace for the registry, joined by commas',
  },
  { flags: '--log-level <level>', text: 'error, warn, info or debug (default: info)' },
  { flags: '--tap-budget <MiB>', text: 'memory of each node for rings (default: 64)' },
  {
    flags: '--opt-out <label>',
    text: 'KEY=VALUE of pods or namespaces to leave alone (default: apidefense.dev/enrol=false)',
  },
  { flags: '--replicas <n>', text: 'replicas of the hub (default: 2)' },
  { flags: '--aggregated-api', text: 'offer people flows through the API server (default)' },
  { flags: '--no-aggregated-api', text: 'leave that out: only port-forward is left' },
];

/** Where it is put. */
const placed: readonly OptionRow[] = [
  { flags: '-n, --namespace <name>', text: 'namespace of agents and hub (default: apidefense-system)' },
  { flags: '--no-create-namespace', text: 'the namespace is there, with its pod-security labels' },
];
/** Which one is meant. */
const standing: OptionRow = {
  flags: '-n, --namespace <name>',
  text: 'of the installation (default: the one that there is)',
};

const yes: OptionRow = { flags: '-y, --yes', text: 'do not ask' };
const timeout: OptionRow = {
  flags: '--timeout <duration>',
  text: 'how long one step may take (default: 5m)',
};

const dryRun: OptionRow = {
  flags: '--dry-run [how]',
  text: 'change nothing; show what would change, checked by the API server',
  bare: 'default',
  choices: ['default', 'server'],
};
const dryRunAnywhere: OptionRow = {
  ...dryRun,
  text: 'change nothing; =server (default) shows what would change, checked there; =client asks nobody',
  choices: ['default', 'server', 'client'],
};
const objects: OptionRow = {
  flags: '-o, --output <format>',
  text: 'only print the objects, for Git or somebody who may',
  choices: ['yaml', 'json'],
};

const acting: readonly OptionRow[] = [
  { flags: '--force-conflicts', text: 'take over fields that somebody else has written' },
  yes,
  timeout,
  ...kubectlOptions,
];

/** In the order of the help. */
export const installVerbs: readonly VerbRow[] = [
  {
    usage: 'install',
    text: 'put agents and hub into a cluster, after showing what that changes; again: repair, or go on where it stopped',
    options: [...placed, ...chosen, dryRunAnywhere, objects, ...acting],
    examples: [
      'install --image registry.example/api-defense:0.1.0',
      'install --image registry.example/api-defense:0.1.0 --dry-run=server --context kind-shop',
      'install --values values.yaml -o yaml | kubectl apply --server-side -f -',
    ],
    load: async () => (await import('../verbs/install.ts')).install,
  },
  {
    usage: 'upgrade',
    text: 'bring what is installed to this version, node by node, after showing what changes; options stay as they are unless given',
    options: [standing, ...chosen, dryRun, objects, ...acting],
    examples: ['upgrade --image registry.example/api-defense:0.2.0', 'upgrade --log-level debug --dry-run'],
    load: async () => (await import('../verbs/upgrade.ts')).upgrade,
  },
  {
    usage: 'status',
    text: 'how hub, agents and nodes of a cluster stand, and which policies have something wrong; status 1 when anything is',
    options: [standing, tableOrJson, ...kubectlOptions],
    examples: ['status', 'status --context kind-shop -o json'],
    load: async () => (await import('../verbs/status.ts')).status,
  },
  {
    usage: 'doctor',
    text: 'what works in a cluster, or with --node on this machine, and what does not, one sentence each; status 1 when something is wrong',
    options: [
      {
        flags: '--node',
        text: "this machine: the kernel's abilities and our rights for tap, kernel rules, inline",
      },
      ...nodeRoots,
      tableOrJson,
      standing,
      ...kubectlOptions,
    ],
    examples: ['doctor', 'doctor --context kind-shop -o json', 'doctor --node'],
    load: async () => (await import('../verbs/doctor.ts')).doctor,
  },
  {
    usage: 'uninstall',
    text: 'take everything of it out of a cluster, after showing what goes in which order, and prove that nothing is left',
    options: [
      standing,
      { flags: '--purge', text: 'the definitions of the policies too, and with them every policy' },
      { ...dryRun, text: 'only show what would go and what would stay' },
      yes,
      timeout,
      ...kubectlOptions,
    ],
    examples: ['uninstall --dry-run', 'uninstall --context kind-shop', 'uninstall --purge --yes'],
    load: async () => (await import('../verbs/uninstall.ts')).uninstall,
  },
];

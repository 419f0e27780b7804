// kubectl's flags as rows of the help. Which of them mean the cluster is cluster-choice.ts'. Loads nothing of Kubernetes.
import type { OptionRow } from '../verbs.ts';

/** Where and as whom, of verbs that are about a cluster and nothing else. */
export const kubectlOptions: readonly OptionRow[] = [
  { flags: '--context <name>', text: 'context of the kubeconfig (default: its current one)' },
  {
    flags: '--kubeconfig <file>',
    text: 'kubeconfig (default: $KUBECONFIG, ~/.kube/config, or the pod’s own)',
  },
  { flags: '--as <user>', text: 'act as this user' },
  { flags: '--as-group <group>', text: 'with --as: and of this group; may be repeated', many: true },
  { flags: '--as-uid <uid>', text: 'with --as: and with this UID' },
];

/** The same for verbs that work on feeds too: each of them alone means the cluster. */
export const clusterOptions: readonly OptionRow[] = [
  {
    flags: '--cluster',
    text: 'the cluster of your kubeconfig instead of a feed; each of the next five means it too',
  },
  ...kubectlOptions,
];

/** Which namespace, and not where: alone they mean no cluster. */
export const namespaceOptions: readonly OptionRow[] = [
  {
    flags: '-n, --namespace <name>',
    text: 'of one namespace (default: of a cluster the context’s, of a feed all)',
  },
  { flags: '-A, --all-namespaces', text: 'of all namespaces' },
];

/** The same without a verb: there each of them means the cluster, as nothing else has namespaces to choose from. */
export const rootNamespaceOptions: readonly OptionRow[] = [
  {
    flags: '-n, --namespace <name>',
    text: 'the cluster of your kubeconfig, in this namespace (default: the context’s)',
  },
  { flags: '-A, --all-namespaces', text: 'the cluster of your kubeconfig, in all namespaces' },
];

/** Of verbs that change something in the cluster. */
export const previewFrom: OptionRow = {
  flags: '--preview-from <where>',
  text: 'with a cluster: a recording, or the feed of an agent, whose flows show what the change would have done',
};

/** As kubectl: what a bare --dry-run means depends on where it is written. */
export const dryRun: OptionRow = {
  flags: '--dry-run [how]',
  text: 'write nothing; of a cluster: =server (default) has it checked there, =client asks nobody',
  bare: 'default',
  choices: ['default', 'server', 'client'],
};

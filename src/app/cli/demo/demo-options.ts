// Options of `demo --in-cluster`, as rows of the help. Loads nothing of Kubernetes.
import { kubectlOptions } from '../cluster/cluster-options.ts';
import type { OptionRow } from '../verbs.ts';

/** They mean nothing without --in-cluster. */
export const demoInCluster: readonly OptionRow[] = [
  { flags: '--in-cluster', text: 'run the shop as Deployments in a cluster instead, in namespaces demo-*' },
  {
    flags: '--image <image>',
    text: 'with --in-cluster: the image of agents and hub, which has the shop in it',
  },
  { flags: '--remove', text: 'with --in-cluster: take the shop out of the cluster again' },
  { flags: '-y, --yes', text: 'with --in-cluster: do not ask' },
  { flags: '--timeout <duration>', text: 'with --in-cluster: how long one step may take (default: 5m)' },
  ...kubectlOptions,
];

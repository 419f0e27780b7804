// What can be chosen about an installation, with bounds and defaults: the options of `install` and the values of the Helm chart are both this.
import { z } from 'zod';
import { AppError } from '../model/app-error.ts';

const nameLength = 63;
const labelPart = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
/** A label's prefix is a DNS name. */
const prefix = '([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?';

const toleration = z.strictObject({
  key: z.string().min(1).max(317).optional(),
  operator: z.enum(['Exists', 'Equal']).optional(),
  value: z.string().max(nameLength).optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
  tolerationSeconds: z.int().min(0).max(2_147_483_647).optional(),
});
const tolerations = z.array(toleration).max(64);

const agent = z.strictObject({
  tapBudgetMiB: z
    .int()
    .min(1)
    .max(4_096)
    .describe(
      "Kernel memory of a node for the rings of all its pods, MiB. It is beside the container's limit of memory.",
    ),
  tolerations: tolerations.describe(
    'Taints that agents tolerate. The default is all: traffic of every node counts.',
  ),
  snapshotHostPath: z
    .string()
    .max(1_024)
    .regex(/^\/(run|var\/lib)\/[a-z0-9][-a-z0-9./]*$/)
    .refine((path) => !path.includes('..'), 'must not contain ".."')
    .describe(
      'Directory of the node in which an agent keeps what it knows of remote peers while the hub is away. Below /run it is gone after a reboot, as all addresses of pods are then.',
    ),
});

const hub = z.strictObject({
  replicas: z
    .int()
    .min(1)
    .max(5)
    .describe(
      'Replicas of the hub. One serves and the others take over; with 1 each restart of it is an outage of the aggregated API.',
    ),
  tolerations: tolerations.describe('Taints that the hub tolerates.'),
});

/** The options, strictly: an unknown one is refused. */
export const installValues = z.strictObject({
  namespace: z
    .string()
    .max(nameLength)
    .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/)
    .describe(
      'Namespace of agents and hub. It begins with a letter, since rules in pods are named after it.',
    ),
  createNamespace: z
    .boolean()
    .describe(
      'Make the namespace, with the pod-security labels that agents need. Without, it must be there, with them.',
    ),
  image: z
    .string()
    .min(1)
    .max(512)
    .regex(/^[A-Za-z0-9][-A-Za-z0-9._:/@]*$/)
    .describe(
      'Image of agent and hub. No registry carries one: build it with deploy/Containerfile and push it to yours.',
    ),
  imagePullPolicy: z.enum(['IfNotPresent', 'Always', 'Never']).describe('When nodes fetch the image.'),
  imagePullSecrets: z
    .array(
      z.strictObject({
        name: z
          .string()
          .max(253)
          .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/),
      }),
    )
    .max(16)
    .describe('Secrets of the namespace for the registry; they must be there.'),
  logLevel: z.enum(['error', 'warn', 'info', 'debug']).describe('How much agents and hub say.'),
  aggregatedApi: z
    .boolean()
    .describe(
      'Offer flows, findings and bodies to people through the API server. Without, only port-forward is left.',
    ),
  optOutLabel: z
    .strictObject({
      key: z
        .string()
        .max(317)
        .regex(new RegExp(`^${prefix}${labelPart}$`)),
      value: z.string().regex(new RegExp(`^${labelPart}$`)),
    })
    .describe(
      'Label of a pod or namespace whose pods agents leave alone. Our own pods carry it, else they would report on themselves.',
    ),
  agent,
  hub,
});

/** Everything that objects depend on. Pull policy and log level are texts, so that a chart's placeholders fit. */
export interface InstallOptions {
  readonly namespace: string;
  readonly createNamespace: boolean;
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly imagePullSecrets: readonly { readonly name: string }[];
  readonly logLevel: string;
  readonly aggregatedApi: boolean;
  readonly optOutLabel: { readonly key: string; readonly value: string };
  readonly agent: {
    readonly tapBudgetMiB: number;
    readonly tolerations: readonly Toleration[];
    readonly snapshotHostPath: string;
  };
  readonly hub: { readonly replicas: number; readonly tolerations: readonly Toleration[] };
}

/** As Kubernetes writes it. */
export type Toleration = {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
};

/** What is meant where nothing is said. The image has no default: none is published. */
export const defaultInstallOptions: Omit<InstallOptions, 'image'> = {
  namespace: 'apidefense-system',
  createNamespace: true,
  imagePullPolicy: 'IfNotPresent',
  imagePullSecrets: [],
  logLevel: 'info',
  aggregatedApi: true,
  optOutLabel: { key: 'apidefense.dev/enrol', value: 'false' },
  agent: {
    tapBudgetMiB: 64,
    tolerations: [{ operator: 'Exists' }],
    snapshotHostPath: '/run/apidefense/snapshot',
  },
  hub: { replicas: 2, tolerations: [] },
};

/** The option in the spelling of the command line: `agent.tapBudgetMiB` → `agent.tapBudgetMiB`, list items by number. */
const pathText = (path: readonly PropertyKey[]): string => path.map(String).join('.');

/** The guard's word is the schema's. */
const isInstallOptions = (value: unknown): value is InstallOptions => installValues.safeParse(value).success;

/** Checks options from outside. @throws AppError naming the first option at fault. */
export function checkInstallOptions(options: unknown): InstallOptions {
  if (isInstallOptions(options)) return options;
  const issue = installValues.safeParse(options).error?.issues[0];
  throw new AppError({
    code: 'INSTALL_OPTION',
    family: 'usage',
    message: `The option ${pathText(issue?.path ?? [])} of the installation cannot be used: ${issue?.message ?? 'it is wrong'}.`,
    hint: 'deploy/helm/api-defense/values.yaml says of each option what it is and what it may be.',
  });
}

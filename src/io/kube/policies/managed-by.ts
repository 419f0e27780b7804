// Objects that another tool keeps as its source says: what is written into them directly is undone by it a moment later, or makes it
// complain. Recognised by the marks that Argo CD, Flux and Helm leave, and by who manages fields. Pure; a new tool is a new row.
import { AppError } from '../../../core/model/app-error.ts';
import { fieldOf, textOf, type ObjectMeta } from '../api/kube-object.ts';

/** The tool, and what of it. */
export interface Manager {
  readonly tool: string;
  /** `application shop`, `release api in namespace shop`; '' when the marks do not say. */
  readonly source: string;
  /** Where to change it instead. */
  readonly instead: string;
}

interface Row {
  readonly tool: string;
  readonly instead: string;
  /** Undefined: not this tool's. */
  readonly source: (meta: ObjectMeta) => string | undefined;
  /** Names under which it stands in managedFields. */
  readonly managers: readonly string[];
}

/** `release api in namespace shop`. */
const inNamespace = (what: string, name: string, namespace: string | undefined): string =>
  namespace === undefined ? `${what} ${name}` : `${what} ${name} in namespace ${namespace}`;

function argoSource({ annotations, labels }: ObjectMeta): string | undefined {
  const application =
    annotations['argocd.argoproj.io/tracking-id']?.split(':', 1)[0] ?? labels['argocd.argoproj.io/instance'];
  return application === undefined ? undefined : `application ${application}`;
}

function fluxSource({ labels }: ObjectMeta): string | undefined {
  for (const [what, prefix] of [
    ['Kustomization', 'kustomize.toolkit.fluxcd.io'],
    ['HelmRelease', 'helm.toolkit.fluxcd.io'],
  ] as const) {
    const name = labels[`${prefix}/name`];
    if (name !== undefined) return inNamespace(what, name, labels[`${prefix}/namespace`]);
  }
  return undefined;
}

function helmSource({ annotations, labels }: ObjectMeta): string | undefined {
  const release = annotations['meta.helm.sh/release-name'];
  if (release !== undefined)
    return inNamespace('release', release, annotations['meta.helm.sh/release-namespace']);
  return labels['app.kubernetes.io/managed-by'] === 'Helm' ? '' : undefined;
}

const git = 'Change it in the Git repository that it comes from';
/** Flux before Helm: a HelmRelease of Flux leaves both marks. */
const rows: readonly Row[] = [
  {
    ...{ tool: 'Argo CD', instead: git, source: argoSource },
    managers: ['argocd-controller', 'argocd-application-controller'],
  },
  {
    ...{ tool: 'Flux', instead: git, source: fluxSource },
    managers: ['kustomize-controller', 'helm-controller'],
  },
  {
    ...{ tool: 'Helm', instead: 'Change it in the chart or its values', source: helmSource },
    managers: ['helm'],
  },
];

/** Undefined when no such tool keeps it. */
export function managedBy(meta: ObjectMeta): Manager | undefined {
  const managers = new Set(meta.managedFields.map((field) => textOf(fieldOf(field, 'manager'))));
  for (const { tool, instead, source, managers: own } of rows) {
    const found = source(meta) ?? (own.some((manager) => managers.has(manager)) ? '' : undefined);
    if (found !== undefined) return { tool, instead, source: found };
  }
  return undefined;
}

/** `Argo CD (application shop)`. */
export const managerWords = ({ tool, source }: Manager): string =>
  source === '' ? tool : `${tool} (${source})`;

/** @throws AppError POLICY_MANAGED when a tool keeps the object; `title`: `FlowPolicy shop/name`. */
export function refuseManaged(title: string, meta: ObjectMeta): void {
  const manager = managedBy(meta);
  if (manager === undefined) return;
  const { instead } = manager;
  throw new AppError({
    code: 'POLICY_MANAGED',
    family: 'denied',
    message: `The ${title} is kept by ${managerWords(manager)}, which would undo a direct change, so nothing was written.`,
    hint: `${instead}: "-o yaml" prints the object to put there.`,
  });
}

// Which API server, as whom and in which namespace, by kubectl's own rules and flags; in a pod, its ServiceAccount. Signs nobody in.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../../core/model/app-error.ts';
import { nearest } from '../../../core/filter/nearest.ts';
import type { ClusterEntry, KubeconfigEntries, UserEntry } from './kubeconfig-file.ts';
import { readKubeFiles, type KubeEnvironment, type KubeFiles } from './kube-files.ts';

/** kubectl's flags; all optional. */
export interface KubeChoice {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly as?: string;
  readonly asGroups?: readonly string[];
  readonly asUid?: string;
}

/** In whose name requests are made, where that is not the one signed in. */
export interface Impersonation {
  readonly user: string;
  readonly groups: readonly string[];
  readonly uid?: string;
}

/** One API server and one user of it. */
export interface KubeTarget {
  /** Name of the context; `in-cluster` in a pod without a kubeconfig. */
  readonly context: string;
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
  /** Of objects where none is named. */
  readonly namespace: string;
  readonly impersonation?: Impersonation;
}

/** A context as a list shows it. */
export interface KubeContext {
  readonly name: string;
  readonly cluster: string;
  readonly user: string;
  readonly namespace: string;
  readonly current: boolean;
}

const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Of all files that count, by name. @throws AppError where a file cannot be used. */
export function listContexts(choice: KubeChoice, environment: KubeEnvironment): readonly KubeContext[] {
  const { entries } = readKubeFiles(choice.kubeconfig, environment);
  const current = choice.context ?? entries.currentContext;
  return [...entries.contexts]
    .map(([name, { cluster, user, namespace }]) => ({
      ...{ name, cluster, user, namespace: orDefault(namespace), current: name === current },
    }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** Absent and empty are the same to kubectl. */
const orDefault = (namespace: string | undefined): string =>
  namespace === undefined || namespace === '' ? 'default' : namespace;

/** @throws AppError, a sentence naming the file, the context with the nearest names, or what is missing of it. */
export function resolveTarget(choice: KubeChoice, environment: KubeEnvironment): KubeTarget {
  if (choice.as === undefined && (choice.asUid !== undefined || (choice.asGroups ?? []).length > 0))
    throw new AppError({
      code: 'IMPERSONATE_USER',
      family: 'usage',
      message: '--as-group and --as-uid were given without --as.',
      hint: 'Name the user to act as with --as USER.',
    });
  const files = readKubeFiles(choice.kubeconfig, environment);
  const isEmpty = files.entries.contexts.size === 0 && files.entries.clusters.size === 0;
  const pod = isEmpty && choice.kubeconfig === undefined ? inCluster(environment) : undefined;
  if (pod !== undefined && choice.context === undefined) return chosen(pod, choice);
  if (isEmpty) throw noKubeconfig(files);
  return chosen(fromFiles(files, choice.context), choice);
}

function chosen(target: KubeTarget, { namespace, as, asGroups = [], asUid }: KubeChoice): KubeTarget {
  const impersonation = as === undefined ? impersonationOf(target.user) : whom(as, asGroups, asUid);
  return {
    ...target,
    namespace: namespace ?? target.namespace,
    ...(impersonation === undefined ? {} : { impersonation }),
  };
}

const whom = (user: string, groups: readonly string[], uid: string | undefined): Impersonation => ({
  ...{ user, groups },
  ...(uid === undefined ? {} : { uid }),
});

const impersonationOf = (user: UserEntry): Impersonation | undefined =>
  user.as === undefined || user.as === ''
    ? undefined
    : whom(user.as, user['as-groups'] ?? [], user['as-uid']);

function fromFiles({ entries, paths }: KubeFiles, context: string | undefined): KubeTarget {
  const name = context ?? entries.currentContext;
  if (name === undefined) throw noContext(entries, paths);
  const entry = entries.contexts.get(name);
  if (entry === undefined) throw contextNotFound(name, entries, paths);
  const cluster = entries.clusters.get(entry.cluster);
  if (cluster === undefined) throw incomplete(name, `cluster "${entry.cluster}"`, paths);
  const user = entries.users.get(entry.user);
  if (user === undefined && entry.user !== '') throw incomplete(name, `user "${entry.user}"`, paths);
  return { context: name, cluster, user: user ?? {}, namespace: orDefault(entry.namespace) };
}

/** Undefined outside of a pod. The token is named, not read: it is rotated. */
function inCluster({ env, ...environment }: KubeEnvironment): KubeTarget | undefined {
  const [host, port] = [env['KUBERNETES_SERVICE_HOST'] ?? '', env['KUBERNETES_SERVICE_PORT'] ?? ''];
  const folder = environment.serviceAccountDirectory ?? serviceAccountDirectory;
  const tokenFile = join(folder, 'token');
  if (host === '' || port === '' || !existsSync(tokenFile)) return undefined;
  const namespaceFile = join(folder, 'namespace');
  return {
    context: 'in-cluster',
    cluster: {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      'certificate-authority': join(folder, 'ca.crt'),
    },
    user: { tokenFile },
    namespace: existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : 'default',
  };
}

const listed = (names: readonly string[]): string =>
  names.length <= 8 ? names.join(', ') : `${names.slice(0, 8).join(', ')} and ${names.length - 8} more`;

function noKubeconfig({ asked, paths }: KubeFiles): AppError {
  const first = asked.join(', ');
  return new AppError({
    code: 'KUBECONFIG_MISSING',
    family: 'notFound',
    message:
      paths.length === 0
        ? `There is no kubeconfig: ${first} does not exist, and this is not a pod with a ServiceAccount.`
        : `The kubeconfig ${paths.join(', ')} names no cluster.`,
    hint: 'Write --kubeconfig FILE, or set KUBECONFIG; "demo" and "replay" need no cluster.',
  });
}

function noContext({ contexts }: KubeconfigEntries, paths: readonly string[]): AppError {
  return new AppError({
    code: 'CONTEXT_NOT_CHOSEN',
    family: 'usage',
    message: `No context is chosen: ${paths.join(', ')} has no current-context.`,
    hint: `Write --context NAME, one of: ${listed([...contexts.keys()])}.`,
  });
}

function contextNotFound(name: string, { contexts }: KubeconfigEntries, paths: readonly string[]): AppError {
  const names = [...contexts.keys()];
  const guess = nearest(name, names);
  return new AppError({
    code: 'CONTEXT_NOT_FOUND',
    family: 'notFound',
    message: `There is no context "${name}" in ${paths.join(', ')}.`,
    hint: `${guess === undefined ? '' : `Did you mean "${guess}"? `}Known are: ${listed(names)}.`,
  });
}

function incomplete(context: string, what: string, paths: readonly string[]): AppError {
  return new AppError({
    code: 'CONTEXT_INCOMPLETE',
    family: 'data',
    message: `The context "${context}" names the ${what}, which is not in ${paths.join(', ')}.`,
    hint: 'Mend the kubeconfig, or choose another context with --context.',
  });
}

// Which kubeconfig files count, read and merged by kubectl's own rules: the first file to say something wins. Knows no credentials.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { AppError } from '../../../core/model/app-error.ts';
import { kubeconfigBytes, readKubeconfig, type KubeconfigEntries } from './kubeconfig-file.ts';

/** What of the surroundings decides which files are read. */
export interface KubeEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  /** Where a pod finds its ServiceAccount; Kubernetes' own path when absent. */
  readonly serviceAccountDirectory?: string;
}

/** Files merged, and which they were, for the sentences. */
export interface KubeFiles {
  readonly entries: KubeconfigEntries;
  /** Those that were there; empty: no kubeconfig at all. */
  readonly paths: readonly string[];
  /** Those that were looked for. */
  readonly asked: readonly string[];
}

function unreadable(path: string, why: string, cause?: unknown): AppError {
  return new AppError({
    code: 'KUBECONFIG_UNREADABLE',
    family: 'notFound',
    message: `The kubeconfig ${path} cannot be read: ${why}.`,
    hint: 'Name a file that you may read with --kubeconfig FILE or KUBECONFIG.',
    cause,
  });
}

function readFile(path: string): KubeconfigEntries {
  let content: string;
  try {
    const found = statSync(path);
    if (!found.isFile()) throw unreadable(path, 'it is not a file');
    if (found.size > kubeconfigBytes)
      throw unreadable(path, `it has more than ${kubeconfigBytes / 1024 / 1024} MiB`);
    content = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unreadable(path, error instanceof Error ? error.message : String(error), error);
  }
  return readKubeconfig(path, content, dirname(path));
}

/** Whole entries, not their fields: what the first file says of a name stands. */
function merge(files: readonly KubeconfigEntries[]): KubeconfigEntries {
  const joined = <Value>(
    pick: (file: KubeconfigEntries) => ReadonlyMap<string, Value>,
  ): ReadonlyMap<string, Value> => new Map(files.toReversed().flatMap((file) => [...pick(file)]));
  const current = files.find(({ currentContext }) => currentContext !== undefined)?.currentContext;
  return {
    ...(current === undefined ? {} : { currentContext: current }),
    clusters: joined(({ clusters }) => clusters),
    users: joined(({ users }) => users),
    contexts: joined(({ contexts }) => contexts),
  };
}

/**
 * `explicit`: of --kubeconfig, and then no other file counts. Else those of KUBECONFIG (missing ones are passed over), else ~/.kube/config.
 * @throws AppError naming the file that cannot be read or used.
 */
export function readKubeFiles(
  explicit: string | undefined,
  { env, homeDirectory }: KubeEnvironment,
): KubeFiles {
  if (explicit !== undefined) return { entries: readFile(explicit), paths: [explicit], asked: [explicit] };
  const named = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const asked = named.length === 0 ? [join(homeDirectory, '.kube', 'config')] : [...new Set(named)];
  const paths = asked.filter((path) => existsSync(path));
  return { entries: merge(paths.map(readFile)), paths, asked };
}

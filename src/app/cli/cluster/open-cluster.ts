// One cluster as the verbs use it, opened by kubectl's flags: which one, and as whom, is said before anything is asked of it.
import { homedir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../../core/model/app-error.ts';
import { isProductionContext } from '../../../core/model/production-context.ts';
import { createKubeApi, type KubeApi } from '../../../io/kube/api/kube-api.ts';
import { resolveTarget, type KubeChoice } from '../../../io/kube/config/kube-target.ts';
import type { EditTools } from '../../../io/kube/policies/policy-edits.ts';
import { openPolicyJournal } from '../../../io/kube/policies/policy-journal.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import type { CommandContext } from '../command-context.ts';
import type { Question } from '../confirm.ts';
import { stateDirectory } from '../session-paths.ts';
import { authorOf } from './author-of.ts';
import { sayWhere } from './say-where.ts';

/** Where a verb reads and writes policies. */
export interface OpenCluster {
  readonly api: KubeApi;
  /** Of -n, else of the context. */
  readonly namespace: string;
  /** `context kind-shop`, for sentences. */
  readonly title: string;
  /** The flags that mean this cluster again, for commands that are offered. */
  readonly flags: string;
  readonly tools: EditTools;
  /** The name the API server knows the person by; the machine's where it does not say. */
  author(): Promise<string>;
  /** What only asks, until somebody ends the program: an API server may be silent for long. @throws AppError INTERRUPTED. */
  readonly asking: <Result>(work: Promise<Result>) => Promise<Result>;
  /** `text`: `Apply`. Names a production context, so that the answer is about it. */
  question(text: string, hint: string): Question;
  close(): void;
}

const quoted = (word: string): string =>
  /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

function flagsOf({ kubeconfig, as, asGroups = [] }: KubeChoice, context: string): string {
  const words = [
    ...(context === 'in-cluster' ? ['--cluster'] : ['--context', context]),
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...(as === undefined ? [] : ['--as', as]),
    ...asGroups.flatMap((group) => ['--as-group', group]),
  ];
  return words.map(quoted).join(' ');
}

const interruption = (server: string): AppError =>
  new AppError({
    code: 'INTERRUPTED',
    family: 'unavailable',
    message: `Interrupted before the API server ${server} had answered.`,
    hint: 'Nothing was changed.',
  });

/** Asks nothing yet. @throws AppError when there is no such cluster. */
export function openCluster(
  choice: KubeChoice,
  { env, say, interrupted }: Pick<CommandContext, 'env' | 'say' | 'interrupted'>,
): OpenCluster {
  const target = resolveTarget(choice, { env, homeDirectory: homedir() });
  sayWhere(target, say);
  const api = createKubeApi({ target, env, now: Date.now, sleep: (ms) => pause(ms) });
  const where = `${isProductionContext(target.context) ? 'the PRODUCTION context' : 'context'} ${visibleText(target.context)}`;
  return {
    ...{ api, namespace: target.namespace, title: `context ${target.context}` },
    flags: flagsOf(choice, target.context),
    tools: { api, now: Date.now, journal: openPolicyJournal(stateDirectory(env), target) },
    author: () => authorOf(api),
    asking: (work) =>
      Promise.race([work, interrupted.then(() => Promise.reject(interruption(target.cluster.server)))]),
    question: (text, hint) => ({ text: `${text} in ${where}?`, hint }),
    close: () => api.close(),
  };
}

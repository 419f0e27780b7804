// Waits until what was applied works: definitions served, every replica and every node with its pod, the API answered. Says what changes on the way.
import { AppError } from '../../../core/model/app-error.ts';
import type { KubeObject } from '../../../core/install/kube-object.ts';
import { createPodNews, problemsOf, type PodNews } from '../../../core/install/progress/pod-news.ts';
import { readinessOf, takesTime, type Readiness } from '../../../core/install/progress/readiness.ts';
import type { PodFollower } from '../../../io/kube/install/follow-pods.ts';
import { readObject } from '../../../io/kube/install/look.ts';
import { waitUntil } from '../../../io/kube/install/wait-until.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import type { OpenInstallation } from './open-installation.ts';

/** Pods whose news are told while something waits. */
export interface ToldPods {
  readonly follower: PodFollower;
  readonly news: PodNews;
}

/** What is there now is no news. */
export async function tellPods(follower: PodFollower): Promise<ToldPods> {
  await follower.synced();
  const news = createPodNews();
  news.news(follower.pods());
  return { follower, news };
}

async function look(
  { api }: Pick<OpenInstallation, 'api'>,
  objects: readonly KubeObject[],
): Promise<readonly Readiness[]> {
  const found: Readiness[] = [];
  for (const object of objects) {
    const live = await readObject(api, object);
    found.push(
      live === undefined
        ? { ready: false, sentence: `${object.kind} ${object.metadata.name}: not there` }
        : readinessOf(live),
    );
  }
  return found;
}

function notReady(timeoutMs: number, seen: readonly Readiness[], pods: ToldPods | undefined): AppError {
  const waiting = seen.filter(({ ready }) => !ready).map(({ sentence }) => sentence);
  const problems = problemsOf(pods?.follower.pods() ?? []);
  return new AppError({
    code: 'INSTALL_NOT_READY',
    family: 'unavailable',
    message: `After ${Math.round(timeoutMs / 1_000)} s it does not work yet: ${[...waiting, ...problems].join('; ')}.`,
    hint: 'What was done stays. Mend the cause and run the same command again: it goes on from here; --timeout gives it longer.',
  });
}

const stopped = (): AppError =>
  new AppError({
    code: 'INTERRUPTED',
    family: 'unavailable',
    message: 'Interrupted while waiting.',
    hint: 'What was done stays. Run the same command again: it goes on from here.',
  });

/** Of these objects those that take time. @throws AppError INSTALL_NOT_READY when the time is over, INTERRUPTED. */
export async function waitReady(
  installation: Pick<OpenInstallation, 'api' | 'say' | 'patience'>,
  objects: readonly KubeObject[],
  pods: ToldPods | undefined,
): Promise<void> {
  const { say, patience } = installation;
  const slow = objects.filter(takesTime);
  const told = new Set<string>();
  let seen: readonly Readiness[] = [];
  const end = await waitUntil(async () => {
    seen = await look(installation, slow);
    const lines = [...(pods?.news.news(pods.follower.pods()) ?? []), ...seen.map(({ sentence }) => sentence)];
    for (const line of lines.filter((each) => !told.has(each))) say(visibleText(`  ${line}`));
    for (const { sentence } of seen) told.add(sentence);
    return seen.every(({ ready }) => ready);
  }, patience);
  if (end === 'timeout') throw notReady(patience.timeoutMs, seen, pods);
  if (end === 'stopped') throw stopped();
}

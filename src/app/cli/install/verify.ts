// Whether what was installed really works: pods enrolled on every node, by the hub's word, and the canary answered by every agent. What nobody
// can be asked is said, and not taken for granted.
import { AppError } from '../../../core/model/app-error.ts';
import { canaryAnswer, canaryPolicy } from '../../../core/install/canary.ts';
import type { NodeWord } from '../../../core/model/node-summary.ts';
import { enrolmentOf, type Enrolment } from '../../../core/install/progress/enrolment.ts';
import { kubeName, kubeResource } from '../../../io/kube/install/kube-resource.ts';
import { readObject } from '../../../io/kube/install/look.ts';
import { listParts } from '../../../io/kube/install/read-parts.ts';
import { waitUntil, type WaitEnd } from '../../../io/kube/install/wait-until.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import type { CommandContext } from '../command-context.ts';
import { askHub } from './ask-hub.ts';
import type { OpenInstallation } from './open-installation.ts';

/** What can be asked. */
export interface Verifying {
  /** Undefined: the API for people was left out. */
  readonly aggregatedApi: boolean;
  readonly context: Pick<CommandContext, 'env' | 'interrupted'>;
}

const notWorking = (timeoutMs: number, what: string): AppError =>
  new AppError({
    code: 'INSTALL_NOT_READY',
    family: 'unavailable',
    message: `After ${Math.round(timeoutMs / 1_000)} s it does not work yet: ${what}.`,
    hint: 'What was done stays. "status" and "doctor" say more; the same command run again looks again, and --timeout gives it longer.',
  });

const stopped = (): AppError =>
  new AppError({
    code: 'INTERRUPTED',
    family: 'unavailable',
    message: 'Interrupted while looking whether it works.',
    hint: 'What was done stays. Run the same command again, or "status".',
  });

function refuseEnd(end: WaitEnd, timeoutMs: number, what: () => string): void {
  if (end === 'timeout') throw notWorking(timeoutMs, what());
  if (end === 'stopped') throw stopped();
}

/** Why the hub tells of no nodes, and whether asking again may help. */
type NoNodes = { readonly why: string; readonly isPassing: boolean };

async function nodesNow(
  installation: OpenInstallation,
  { context }: Verifying,
): Promise<readonly NodeWord[] | NoNodes> {
  const { word } = await askHub(installation, context);
  if (word.type === 'answered')
    return word.nodes ?? { why: word.withoutNodes ?? 'the hub does not tell', isPassing: false };
  if (word.type === 'left out') return { why: 'the API for people is left out', isPassing: false };
  return { why: word.sentence, isPassing: !word.isRefused };
}

const isNodes = (found: readonly NodeWord[] | NoNodes): found is readonly NodeWord[] => Array.isArray(found);

async function readyNodes({ api, namespace }: OpenInstallation): Promise<readonly string[]> {
  const pods = await listParts(api, namespace, 'agent');
  return [...new Set(pods.filter(({ ready }) => ready).map(({ node }) => node))].sort();
}

/** Lines that were not said yet. */
function createTeller({ say }: Pick<OpenInstallation, 'say'>): (lines: readonly string[]) => void {
  const told = new Set<string>();
  return (lines) => {
    for (const line of lines.filter((each) => !told.has(each))) {
      told.add(line);
      say(visibleText(`  ${line}`));
    }
  };
}

/** Each look is a connection through the API server, ms. */
const hubLookMs = 1_000;

async function verifyPods(installation: OpenInstallation, verifying: Verifying): Promise<void> {
  const { patience } = installation;
  const tell = createTeller(installation);
  if (!verifying.aggregatedApi) {
    tell(['pods: not asked, since the API for people is left out']);
    return;
  }
  const last: { seen?: Enrolment; away: string } = { away: 'the hub has told nothing' };
  const look = async (): Promise<boolean> => {
    const found = await nodesNow(installation, verifying);
    if (!isNodes(found)) {
      last.away = found.why.replace(/\.$/, '');
      if (!found.isPassing) tell([`pods: not asked: ${last.away}`]);
      return !found.isPassing;
    }
    last.seen = enrolmentOf(found, await readyNodes(installation));
    tell(last.seen.lines);
    return last.seen.done;
  };
  const end = await waitUntil(look, { ...patience, lookMs: hubLookMs });
  refuseEnd(end, patience.timeoutMs, () => last.seen?.waiting ?? last.away);
  tell((last.seen?.failed ?? []).map((sentence) => `warning: ${sentence}`));
}

const canaryVerbs = ['create', 'patch', 'get', 'delete'] as const;

async function mayAsk({ api, namespace }: OpenInstallation): Promise<boolean> {
  const resource = kubeResource({ kind: 'FlowPolicy' });
  for (const verb of canaryVerbs) if (!(await api.mayI({ verb, resource, namespace })).allowed) return false;
  return true;
}

async function verifyCanary(installation: OpenInstallation): Promise<void> {
  const { api, namespace, patience } = installation;
  const tell = createTeller(installation);
  if (!(await mayAsk(installation))) {
    tell([
      `canary: not asked, since you may not ${canaryVerbs.join(', ')} FlowPolicy objects in ${namespace}`,
    ]);
    return;
  }
  const policy = canaryPolicy(namespace, patience.now() + 2 * patience.timeoutMs);
  const resource = kubeResource(policy);
  await api.apply(resource, policy, { force: true });
  try {
    let sentence = '';
    const end = await waitUntil(async () => {
      const live = await readObject(api, policy);
      const answer =
        live === undefined ? { answered: false, sentence: 'it was removed' } : canaryAnswer(live);
      ({ sentence } = answer);
      return answer.answered;
    }, patience);
    refuseEnd(
      end,
      patience.timeoutMs,
      () =>
        `the canary is not answered by every agent${sentence === '' ? ': the hub has not written a condition' : `: ${sentence}`}`,
    );
    tell([`canary: answered; ${sentence}`]);
  } finally {
    await api.remove(resource, kubeName(policy));
  }
}

/** @throws AppError INSTALL_NOT_READY with what is wanting, INTERRUPTED. */
export async function verify(installation: OpenInstallation, verifying: Verifying): Promise<void> {
  installation.say('whether it works:');
  await verifyPods(installation, verifying);
  await verifyCanary(installation);
}

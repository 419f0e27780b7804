// Everything that can be found out of an installation: objects, pods, who leads, policies, and what the hub says. Only reads.
import { AppError } from '../../../core/model/app-error.ts';
import type { ApiEvent } from '../../../core/model/event.ts';
import type {
  HubWord,
  InstallationFacts,
  PolicyProblem,
} from '../../../core/install/status/installation-facts.ts';
import { readWhatMayBe } from '../../../io/kube/install/read-installed.ts';
import { listParts, orUnknown, readLeader } from '../../../io/kube/install/read-parts.ts';
import { listPolicies } from '../../../io/kube/policies/list-policies.ts';
import { programVersion } from '../../program-version.ts';
import { policyProblems } from '../cluster/policy-rows.ts';
import type { CommandContext } from '../command-context.ts';
import { askHub, type HubAnswer } from './ask-hub.ts';
import type { OpenInstallation } from './open-installation.ts';

/** The facts, and events of the hub's window. */
export interface FoundFacts {
  readonly facts: InstallationFacts;
  readonly history: readonly ApiEvent[];
}

const unreadable = ['daemonSet', 'deployment', 'apiService'] as const;

const notInstalled = ({ title, namespace }: OpenInstallation): AppError =>
  new AppError({
    code: 'API_DEFENSE_NOT_INSTALLED',
    family: 'notFound',
    message: `api-defense is not installed in the namespace ${namespace} of ${title}: neither agents nor hub are there.`,
    hint: 'Install it with "kubectl api-defense install", or name another namespace with -n.',
  });

async function policiesOf(
  { api }: OpenInstallation,
  unknown: string[],
): Promise<InstallationFacts['policies']> {
  const listing = await orUnknown(listPolicies(api, undefined), unknown);
  if (listing === undefined) return undefined;
  if (listing.withoutClusterWide !== undefined) unknown.push(listing.withoutClusterWide.message);
  const problems = listing.policies.flatMap((listed): readonly PolicyProblem[] => {
    const notes = policyProblems(listed);
    return notes.length === 0 ? [] : [{ name: listed.name, notes }];
  });
  return { total: listing.policies.length, problems };
}

function ask(
  installation: OpenInstallation,
  context: CommandContext,
  { isLeftOut, last }: { readonly isLeftOut: boolean; readonly last: number },
): Promise<HubAnswer> {
  const leftOut: HubWord = { type: 'left out' };
  return isLeftOut ? Promise.resolve({ word: leftOut, history: [] }) : askHub(installation, context, last);
}

/** @param last so many of the hub's newest flows. @throws AppError when nothing is installed, or nothing may be read. */
export async function findFacts(
  installation: OpenInstallation,
  context: CommandContext,
  last = 0,
): Promise<FoundFacts> {
  const { api, namespace, asking } = installation;
  const { objects, denied } = await asking(readWhatMayBe(api, namespace));
  const { daemonSet, deployment, apiService } = objects;
  if (daemonSet === undefined && deployment === undefined)
    throw denied.get('daemonSet') ?? denied.get('deployment') ?? notInstalled(installation);
  const unknown = [...denied.values()].map(({ message }) => message);
  const [agents, hubs, leader, policies] = await asking(
    Promise.all([
      orUnknown(listParts(api, namespace, 'agent'), unknown),
      orUnknown(listParts(api, namespace, 'hub'), unknown),
      orUnknown(readLeader(api, namespace), unknown),
      policiesOf(installation, unknown),
    ]),
  );
  const { word, history } = await ask(installation, context, {
    isLeftOut: apiService === undefined && !denied.has('apiService') && deployment !== undefined,
    last,
  });
  return {
    facts: {
      ...{ namespace, version: programVersion(), daemonSet, deployment, apiService },
      unread: unreadable.filter((name) => denied.has(name)),
      ...{ agents, hubs, leader, policies, hub: word, unknown: [...new Set(unknown)] },
    },
    history,
  };
}

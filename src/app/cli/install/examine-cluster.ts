// Everything that `doctor` looks at in a cluster. Only reads; what may not be read is said to be unknown.
import type { Examined, OptedOut, PersonRights } from '../../../core/install/doctor/diagnose.ts';
import { trafficSeen } from '../../../core/install/doctor/traffic.ts';
import { installedOptions } from '../../../core/install/installed-options.ts';
import { installationLabel } from '../../../core/install/names.ts';
import { textAt } from '../../../core/install/progress/json-fields.ts';
import type { InstallationFacts } from '../../../core/install/status/installation-facts.ts';
import type { KubeApi } from '../../../io/kube/api/kube-api.ts';
import { kinds, type ResourceKind } from '../../../io/kube/api/resource-kind.ts';
import { orUnknown } from '../../../io/kube/install/read-parts.ts';
import type { CommandContext } from '../command-context.ts';
import { findFacts } from './find-facts.ts';
import type { OpenInstallation } from './open-installation.ts';

/** Flows that are looked at: enough for a picture of who calls whom, some MB. */
const lookedAtFlows = 5_000;

async function namesWith(
  api: KubeApi,
  resource: ResourceKind,
  labelSelector: string,
): Promise<readonly string[]> {
  const found: string[] = [];
  await api.list(
    resource,
    { labelSelector, metadataOnly: true },
    (page) => void found.push(...page.map(({ meta }) => meta.name)),
  );
  return found.toSorted();
}

/** Our own pods carry the label too. */
async function optedOut(
  api: KubeApi,
  { daemonSet, namespace }: InstallationFacts,
): Promise<OptedOut | undefined> {
  const { optOutLabel } = installedOptions(namespace, { daemonSet });
  const [key, value] = [textAt(optOutLabel, 'key'), textAt(optOutLabel, 'value')];
  if (key === '') return undefined;
  const label = `${key}=${value}`;
  const pods = await namesWith(api, kinds.pods, `${label},!${installationLabel}`);
  return { label, pods: pods.length, namespaces: await namesWith(api, kinds.namespaces, label) };
}

async function rightsOf(installation: OpenInstallation): Promise<PersonRights> {
  const may = async (verb: string, resource: ResourceKind): Promise<boolean> =>
    (await installation.api.mayI({ verb, resource })).allowed;
  return {
    who: await installation.author(),
    flows: await may('watch', kinds.flows),
    bodies: await may('get', kinds.bodies),
    policies: await may('patch', kinds.flowPolicies),
  };
}

/** @throws AppError when nothing is installed, or the API server cannot be asked. */
export async function examineCluster(
  installation: OpenInstallation,
  context: CommandContext,
): Promise<Examined> {
  const { api, asking } = installation;
  const { facts, history } = await findFacts(installation, context, lookedAtFlows);
  const unknown = [...facts.unknown];
  const [linuxNodes, out, rights] = await asking(
    Promise.all([
      orUnknown(namesWith(api, kinds.nodes, 'kubernetes.io/os=linux'), unknown),
      orUnknown(optedOut(api, facts), unknown),
      orUnknown(rightsOf(installation), unknown),
    ]),
  );
  return {
    facts: { ...facts, unknown: [...new Set(unknown)] },
    traffic: trafficSeen(history),
    ...{ linuxNodes, optedOut: out, rights },
  };
}

// The options of an installation, read back from its objects, however they came there: what `upgrade` keeps where nothing else is said. Pure.
import { isJsonObject, type Json, type KubeObject } from './kube-object.ts';
import { installationLabel, versionLabel } from './names.ts';
import { at, listAt, numberAt, textAt } from './progress/json-fields.ts';

/** Those of its objects that tell options; absent: not there. */
export interface TellingObjects {
  readonly daemonSet?: KubeObject | undefined;
  readonly deployment?: KubeObject | undefined;
  readonly namespace?: KubeObject | undefined;
  readonly apiService?: KubeObject | undefined;
}

/** Maps of options as a file of values has them; what could not be read is left out. */
export type ReadOptions = { readonly [option: string]: Json };

const podOf = (workload: KubeObject | undefined): Json | undefined =>
  at(at(workload?.['spec'], 'template'), 'spec');

const containerOf = (workload: KubeObject | undefined): Json | undefined =>
  listAt(podOf(workload), 'containers')[0];

/** The value of `--name=value`. */
function argument(workload: KubeObject | undefined, name: string): string | undefined {
  const prefix = `--${name}=`;
  const found = listAt(containerOf(workload), 'args').find(
    (word) => typeof word === 'string' && word.startsWith(prefix),
  );
  return typeof found === 'string' ? found.slice(prefix.length) : undefined;
}

function variable(workload: KubeObject | undefined, name: string): string | undefined {
  const found = listAt(containerOf(workload), 'env').find((each) => textAt(each, 'name') === name);
  return found === undefined ? undefined : textAt(found, 'value');
}

function hostPath(workload: KubeObject | undefined, volume: string): string | undefined {
  const found = listAt(podOf(workload), 'volumes').find((each) => textAt(each, 'name') === volume);
  return found === undefined ? undefined : textAt(at(found, 'hostPath'), 'path');
}

/** `key=value` of the agents' command line. */
function optOutLabel(daemonSet: KubeObject | undefined): Json | undefined {
  const [key, value] = argument(daemonSet, 'opt-out')?.split('=') ?? [];
  return key === undefined || value === undefined ? undefined : { key, value };
}

/** Lists are left out by the API server when they are empty. */
const tolerationsOf = (workload: KubeObject | undefined): Json | undefined =>
  workload === undefined ? undefined : listAt(podOf(workload), 'tolerations');

/** Fields that are there; '' and NaN are not. */
function present(fields: Readonly<Record<string, Json | undefined>>): ReadOptions {
  return Object.fromEntries(
    Object.entries(fields).filter(
      (field): field is [string, Json] =>
        field[1] !== undefined && field[1] !== '' && !Number.isNaN(field[1]),
    ),
  );
}

/** As a file of values would say it. `namespace`: where it is. */
export function installedOptions(namespace: string, objects: TellingObjects): ReadOptions {
  const { daemonSet, deployment, apiService } = objects;
  const told = daemonSet ?? deployment;
  const labels = objects.namespace?.metadata.labels ?? {};
  const secrets = listAt(podOf(told), 'imagePullSecrets').filter(isJsonObject);
  return present({
    namespace,
    createNamespace: labels[installationLabel] === namespace,
    image: textAt(containerOf(told), 'image'),
    imagePullPolicy: textAt(containerOf(told), 'imagePullPolicy'),
    imagePullSecrets: secrets,
    logLevel: variable(told, 'APIDEFENSE_LOG_LEVEL'),
    aggregatedApi: apiService !== undefined,
    optOutLabel: optOutLabel(daemonSet),
    agent: present({
      tapBudgetMiB: Number(argument(daemonSet, 'tap-budget')),
      tolerations: tolerationsOf(daemonSet),
      snapshotHostPath: hostPath(daemonSet, 'snapshot'),
    }),
    hub: present({
      replicas: deployment === undefined ? undefined : numberAt(deployment['spec'], 'replicas'),
      tolerations: tolerationsOf(deployment),
    }),
  });
}

/** The version of the program that installed it; '' when nobody says. */
export const installedVersion = ({ daemonSet, deployment }: TellingObjects): string =>
  (deployment ?? daemonSet)?.metadata.labels?.[versionLabel] ?? '';

// The whole Helm chart as files by name: templates from the very function that `install` uses, values and their schema from its options.
import { stringify, Document, isMap, isScalar } from 'yaml';
import { z } from 'zod';
import { allStages } from '../install-stages.ts';
import { defaultInstallOptions, installValues } from '../install-options.ts';
import { yamlOptions } from '../../policy/yaml-options.ts';
import type { KubeObject } from '../kube-object.ts';
import { stageTemplate } from './chart-template.ts';
import { placeholderOptions } from './placeholders.ts';

/** Maintained Kubernetes of any kind: `unhealthyPodEvictionPolicy` is known from 1.27 on, surge of DaemonSets from 1.25. */
const kubeVersion = '>=1.27.0-0';

const chartYaml = (version: string): string =>
  stringify({
    apiVersion: 'v2',
    name: 'api-defense',
    description:
      'Live investigation and defence of east-west API traffic: agents, hub and the API for people.',
    type: 'application',
    version,
    appVersion: version,
    kubeVersion,
  });

const valuesHead = ` Values of the chart; the same as the options of \`kubectl api-defense install\`. Made by \`npm run chart\`.

 The objects go into the namespace named here, whatever the namespace of the release: install the release where you keep releases.
 The definitions of policies stay when the release goes, and so do the policies.`;

/** The description of each option, two levels deep, above its line. */
function valuesYaml(): string {
  const document = new Document({ ...ordered() }, yamlOptions);
  document.commentBefore = valuesHead;
  describe(document, [], installValues);
  describe(document, ['agent'], installValues.shape.agent);
  describe(document, ['hub'], installValues.shape.hub);
  return document.toString({ lineWidth: 0 });
}

/** As the options are listed, the image first: it is the one that must be given. */
const ordered = (): Readonly<Record<string, unknown>> => ({ image: '', ...defaultInstallOptions });

function describe(document: Document, path: readonly string[], schema: z.ZodObject): void {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  if (!isMap(map)) return;
  for (const { key } of map.items) {
    if (!isScalar(key) || typeof key.value !== 'string') continue;
    const text = z.globalRegistry.get(schema.shape[key.value] ?? z.never())?.description;
    if (text !== undefined) key.commentBefore = ` ${text}`;
  }
}

const valuesSchema = (): string =>
  `${JSON.stringify(z.toJSONSchema(installValues, { target: 'draft-7', io: 'input' }), undefined, 2)}\n`;

const notes = `api-defense {{ .Chart.AppVersion }} is installed in {{ .Values.namespace }}.
See how it is:  kubectl api-defense status
Remove it:      helm uninstall {{ .Release.Name }} -n {{ .Release.Namespace }}
                (definitions and policies stay; the aggregated API is gone with its APIService)
`;

/** Two digits keep the files in the order of the stages. */
const templateName = (index: number, name: string): string => `templates/${index + 1}0-${name}.yaml`;

/** Text by file name inside the chart's directory. */
export function chartFiles(
  version: string,
  definitions: readonly KubeObject[],
): Readonly<Record<string, string>> {
  const stages = allStages(placeholderOptions(version, definitions));
  return {
    'Chart.yaml': chartYaml(version),
    'values.yaml': valuesYaml(),
    'values.schema.json': valuesSchema(),
    'templates/NOTES.txt': notes,
    ...Object.fromEntries(
      stages.map((stage, index) => [templateName(index, stage.name), stageTemplate(stage)]),
    ),
  };
}

// The options of an installation as a Helm chart's placeholders: built into objects like any options, and replaced by template expressions in
// the text. Texts carry a marker inside, numbers are ones that nobody else uses, lists hold one marked item.
import { defaultInstallOptions } from '../install-options.ts';
import type { KubeObject } from '../kube-object.ts';
import type { BuildOptions } from '../with-labels.ts';

/** What stands in objects, and what comes into the chart in its place. */
export interface Placeholder {
  readonly found: string;
  readonly expression: string;
}

/** Not `__namespace__`: that is how CEL, of which definitions are full, calls a field `namespace`. */
const text = (path: string): string => `%{${path}}%`;

const texts = [
  'namespace',
  'image',
  'imagePullPolicy',
  'logLevel',
  'optOutLabel.key',
  'optOutLabel.value',
  'agent.snapshotHostPath',
] as const;

/** Ten digits that stand nowhere else. */
const numbers = { 'agent.tapBudgetMiB': 9_870_000_001, 'hub.replicas': 9_870_000_002 } as const;

/** Lists of any length: a list with one item whose field is the marker. */
const lists = { imagePullSecrets: 'name', 'agent.tolerations': 'key', 'hub.tolerations': 'key' } as const;

/** Scalars. `int`, since Helm would print a large number as 1e+06. */
export const scalarPlaceholders: readonly Placeholder[] = [
  ...texts.map((path) => ({ found: text(path), expression: `{{ .Values.${path} }}` })),
  ...Object.entries(numbers).map(([path, number]) => ({
    found: String(number),
    expression: `{{ int .Values.${path} }}`,
  })),
];

/** The line of a marked list's only item, and the list that takes its place. */
export const listPlaceholders: readonly Placeholder[] = Object.entries(lists).map(([path, field]) => ({
  found: `- ${field}: "${text(path)}"`,
  expression: `.Values.${path}`,
}));

/** True for a scalar that a placeholder is in. */
export const holdsPlaceholder = (scalar: string): boolean =>
  /%\{[A-Za-z.]+\}%/.test(scalar) || Object.values(numbers).some((number) => scalar.includes(String(number)));

/** Options with a placeholder wherever the chart has a value. */
export const placeholderOptions = (version: string, definitions: readonly KubeObject[]): BuildOptions => ({
  ...defaultInstallOptions,
  namespace: text('namespace'),
  image: text('image'),
  imagePullPolicy: text('imagePullPolicy'),
  imagePullSecrets: [{ name: text('imagePullSecrets') }],
  logLevel: text('logLevel'),
  optOutLabel: { key: text('optOutLabel.key'), value: text('optOutLabel.value') },
  agent: {
    tapBudgetMiB: numbers['agent.tapBudgetMiB'],
    tolerations: [{ key: text('agent.tolerations') }],
    snapshotHostPath: text('agent.snapshotHostPath'),
  },
  hub: { replicas: numbers['hub.replicas'], tolerations: [{ key: text('hub.tolerations') }] },
  version,
  definitions,
});

// `-o yaml|json` and `--dry-run=client`: the objects themselves, for whoever applies them. Asks no cluster.
import { objectName } from '../../../core/install/kube-object.ts';
import { stagesYaml } from '../../../core/install/manifest-yaml.ts';
import type { Stage } from '../../../core/install/manifest.ts';
import type { LineWriter } from '../output/writer.ts';

/** As `kubectl apply -f -` takes it. */
const listOf = (stages: readonly Stage[]): object => ({
  apiVersion: 'v1',
  kind: 'List',
  items: stages.flatMap(({ manifests }) => manifests.map(({ object }) => object)),
});

/** Each stage with the names of its objects. */
const nameLines = (stages: readonly Stage[]): readonly string[] =>
  stages.flatMap(({ title, manifests }) => [
    `${title}:`,
    ...manifests.map(({ object }) => `  ${objectName(object)}`),
  ]);

/** `format`: undefined prints names only. */
export function printObjects(
  stages: readonly Stage[],
  format: string | undefined,
  out: Pick<LineWriter, 'line'>,
): void {
  if (format === 'yaml') out.line(stagesYaml(stages).trimEnd());
  else if (format === 'json') out.line(JSON.stringify(listOf(stages), undefined, 2));
  else for (const line of nameLines(stages)) out.line(line);
}

// `-o yaml|json` and `--dry-run=client`: the objects themselves, for whoever applies them.
import { AppError } from '../../../core/model/app-error.ts';
import { objectName } from '../../../core/install/kube-object.ts';
import { stagesYaml } from '../../../core/install/manifest-yaml.ts';
import type { Stage } from '../../../core/install/manifest.ts';
import { dryRunOption } from '../dry-run.ts';
import { textOption } from '../option-values.ts';
import type { LineWriter } from '../output/writer.ts';
import type { OptionValues } from '../verbs.ts';

/** True where objects are to be printed and nothing is changed. @throws AppError for options that exclude each other. */
export function isPrinting(options: OptionValues): boolean {
  const how = dryRunOption(options, 'server');
  const output = textOption(options, 'output');
  if (how === 'server' && output !== undefined)
    throw new AppError({
      code: 'INSTALL_OUTPUT',
      family: 'usage',
      message: `--dry-run=server shows what would change in the cluster, and -o ${output} prints objects and changes nothing: only one of them can be meant.`,
      hint: 'Leave one of them out.',
    });
  return how === 'client' || output !== undefined;
}

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

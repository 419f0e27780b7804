// `install`: plan and diff, question, server-side apply stage by stage, until it works; or only the objects, for whoever applies them.
import { AppError } from '../../../core/model/app-error.ts';
import { installStages } from '../../../core/install/install-stages.ts';
import { policyDefinitions } from '../../../core/install/policy-definitions.ts';
import { programVersion } from '../../program-version.ts';
import { dryRunOption } from '../dry-run.ts';
import { textOption } from '../option-values.ts';
import { printObjects } from '../install/print-objects.ts';
import type { OptionValues, RunVerb } from '../verbs.ts';
import { installOptions } from './install-options.ts';

/** True where no cluster is to be asked. @throws AppError for options that exclude each other. */
function isPrinting(options: OptionValues): boolean {
  const how = dryRunOption(options, 'server');
  const output = textOption(options, 'output');
  if (how === 'server' && output !== undefined)
    throw new AppError({
      code: 'INSTALL_OUTPUT',
      family: 'usage',
      message: `--dry-run=server shows what would change in the cluster, and -o ${output} prints objects without asking it: only one of them can be meant.`,
      hint: 'Leave one of them out.',
    });
  return how === 'client' || output !== undefined;
}

/** 0 when all of it works, or was printed. @throws AppError otherwise. */
export const install: RunVerb = async (_words, options, context) => {
  const chosen = installOptions(options);
  const { namespace } = chosen;
  const stages = installStages({
    ...chosen,
    version: programVersion(),
    definitions: policyDefinitions(),
  });
  if (isPrinting(options)) {
    printObjects(stages, textOption(options, 'output'), context.out);
    await context.out.drained();
    return 0;
  }
  const [{ openInstallation }, { runInstall }] = await Promise.all([
    import('../install/open-installation.ts'),
    import('../install/run-install.ts'),
  ]);
  const installation = openInstallation(namespace, options, context);
  try {
    const isDryRun = dryRunOption(options, 'server') !== undefined;
    return await runInstall(
      installation,
      { verb: 'install', namespace, stages },
      { options, context, isDryRun },
    );
  } finally {
    installation.close();
  }
};

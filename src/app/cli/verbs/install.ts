// `install`: plan and diff, question, server-side apply stage by stage, until it works; or only the objects, for whoever applies them.
import { installStages } from '../../../core/install/install-stages.ts';
import { policyDefinitions } from '../../../core/install/policy-definitions.ts';
import { programVersion } from '../../program-version.ts';
import { dryRunOption } from '../dry-run.ts';
import { textOption } from '../option-values.ts';
import { isPrinting, printObjects } from '../install/print-objects.ts';
import type { RunVerb } from '../verbs.ts';
import { installOptions } from './install-options.ts';

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
      { verb: 'install', namespace, stages, aggregatedApi: chosen.aggregatedApi },
      { options, context, isDryRun },
    );
  } finally {
    installation.close();
  }
};

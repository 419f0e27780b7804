// `install -o yaml`: the objects of an installation, to be applied by whatever applies things there. Applying them itself is not built yet.
import { AppError } from '../../../core/model/app-error.ts';
import { installStages } from '../../../core/install/install-stages.ts';
import { stagesYaml } from '../../../core/install/manifest-yaml.ts';
import { policyDefinitions } from '../../../core/install/policy-definitions.ts';
import { programVersion } from '../../program-version.ts';
import { textOption } from '../option-values.ts';
import type { OptionValues, RunVerb } from '../verbs.ts';
import { installOptions } from './install-options.ts';

/** Nobody should believe that something was installed. */
function requireYaml(options: OptionValues): void {
  const dryRun = textOption(options, 'dryRun') ?? 'client';
  if (textOption(options, 'output') === 'yaml' && dryRun === 'client') return;
  throw new AppError({
    code: 'INSTALL_PRINTS_ONLY',
    family: 'usage',
    message: 'install cannot apply anything in this version: it prints the objects of an installation.',
    hint: 'Write install --image IMAGE -o yaml, read it, and give it to kubectl apply --server-side -f -.',
  });
}

/** Prints all objects. 0 when they were printed. */
export const install: RunVerb = async (_words, options, { out }) => {
  requireYaml(options);
  const chosen = installOptions(options);
  out.line(
    stagesYaml(
      installStages({ ...chosen, version: programVersion(), definitions: policyDefinitions() }),
    ).trimEnd(),
  );
  await out.drained();
  return 0;
};

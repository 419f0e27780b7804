// `upgrade`: what is installed, with the objects of this version and whatever else is said now; everything else is as `install` does it.
import { AppError } from '../../../core/model/app-error.ts';
import { installedOptions, type TellingObjects } from '../../../core/install/installed-options.ts';
import { installStages } from '../../../core/install/install-stages.ts';
import { policyDefinitions } from '../../../core/install/policy-definitions.ts';
import { readInstalled } from '../../../io/kube/install/read-installed.ts';
import { programVersion } from '../../program-version.ts';
import { dryRunOption } from '../dry-run.ts';
import { isPrinting, printObjects } from '../install/print-objects.ts';
import { textOption } from '../option-values.ts';
import { openInstalled } from '../install/installation-namespace.ts';
import type { OpenInstallation } from '../install/open-installation.ts';
import { requireRights } from '../install/require-rights.ts';
import { installRights, runInstall, usualStages } from '../install/run-install.ts';
import type { RunVerb } from '../verbs.ts';
import { installOptions } from './install-options.ts';

const nothingThere = ({ title, namespace }: OpenInstallation): AppError =>
  new AppError({
    code: 'UPGRADE_NOTHING',
    family: 'notFound',
    message: `There is nothing to upgrade in the namespace ${namespace} of ${title}: neither agents nor hub are there.`,
    hint: 'Write "kubectl api-defense install --image IMAGE", or name another namespace with -n.',
  });

/** Whoever may not even read it is told of everything that an upgrade takes. */
async function installed(installation: OpenInstallation): Promise<TellingObjects> {
  const { api, namespace, asking } = installation;
  try {
    return await asking(readInstalled(api, namespace));
  } catch (error) {
    if (error instanceof AppError && error.code === 'KUBE_FORBIDDEN')
      await requireRights(installation, installRights('upgrade', namespace, usualStages(namespace)));
    throw error;
  }
}

/** 0 when all of it works. @throws AppError otherwise. */
export const upgrade: RunVerb = async (_words, options, context) => {
  const installation = await openInstalled(options, context);
  try {
    const { namespace } = installation;
    const objects = await installed(installation);
    if (objects.daemonSet === undefined && objects.deployment === undefined) throw nothingThere(installation);
    // Where it is cannot be changed by a file of values, but by removing it and installing it anew.
    const chosen = { ...installOptions(options, installedOptions(namespace, objects)), namespace };
    const stages = installStages({
      ...{ ...chosen, version: programVersion(), definitions: policyDefinitions() },
    });
    if (isPrinting(options)) {
      printObjects(stages, textOption(options, 'output'), context.out);
      await context.out.drained();
      return 0;
    }
    const isDryRun = dryRunOption(options, 'server') !== undefined;
    return await runInstall(
      installation,
      { verb: 'upgrade', namespace, stages, aggregatedApi: chosen.aggregatedApi },
      { options, context, isDryRun },
    );
  } finally {
    installation.close();
  }
};

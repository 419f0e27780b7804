// `status`: what of api-defense is in a cluster, how hub, agents and nodes stand, and which policies have something wrong.
import { installationStatus } from '../../../core/install/status/installation-status.ts';
import { exitCodes } from '../../../core/model/app-error.ts';
import { findFacts } from '../install/find-facts.ts';
import { openInstalled } from '../install/installation-namespace.ts';
import { textOption } from '../option-values.ts';
import { installationLines } from '../output/installation-lines.ts';
import type { RunVerb } from '../verbs.ts';

/** 0 when nothing is wrong, 1 when something is. @throws AppError when nothing is installed, or it cannot be seen. */
export const status: RunVerb = async (_words, options, context) => {
  const installation = await openInstalled(options, context);
  try {
    const { facts } = await findFacts(installation, context);
    const told = installationStatus(facts);
    if (textOption(options, 'output') === 'json') context.out.line(JSON.stringify(told, undefined, 2));
    else for (const line of installationLines(told)) context.out.line(line);
    await context.out.drained();
    return told.ok ? 0 : exitCodes.refused;
  } finally {
    installation.close();
  }
};

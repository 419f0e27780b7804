// `uninstall`: everything of api-defense out of a cluster, in the order in which nothing breaks, and the proof that nothing is left.
import type { RunVerb } from '../verbs.ts';

/** 0 when nothing is left but what was said to stay. @throws AppError otherwise. */
export const uninstall: RunVerb = async (_words, options, context) => {
  const [{ openInstalled }, { runUninstall }] = await Promise.all([
    import('../install/installation-namespace.ts'),
    import('../install/run-uninstall.ts'),
  ]);
  const installation = await openInstalled(options, context);
  try {
    return await runUninstall(installation, { options, context });
  } finally {
    installation.close();
  }
};

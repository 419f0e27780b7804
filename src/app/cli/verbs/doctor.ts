// `doctor`: what works and what does not, a sentence each: of an installation in a cluster, or with --node of this machine.
import { AppError, exitCodes } from '../../../core/model/app-error.ts';
import type { Diagnosis } from '../../../core/install/doctor/diagnosis.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import type { CommandContext } from '../command-context.ts';
import { flagOption, textOption } from '../option-values.ts';
import type { OptionValues, RunVerb } from '../verbs.ts';

const line = ({ level, topic, sentence }: Diagnosis): string =>
  visibleText(`${level.padEnd(8)} ${topic.padEnd(9)} ${sentence}`);

/** 0 when nothing is wrong, 1 when something is. */
async function doctorCluster(options: OptionValues, context: CommandContext): Promise<number> {
  const [{ openInstalled }, { examineCluster }, { diagnose }] = await Promise.all([
    import('../install/installation-namespace.ts'),
    import('../install/examine-cluster.ts'),
    import('../../../core/install/doctor/diagnose.ts'),
  ]);
  const installation = await openInstalled(options, context);
  try {
    const said = diagnose(await examineCluster(installation, context));
    const ok = !said.some(({ level }) => level === 'wrong');
    if (textOption(options, 'output') === 'json')
      context.out.line(JSON.stringify({ ok, diagnoses: said }, undefined, 2));
    else for (const one of said) context.out.line(line(one));
    await context.out.drained();
    return ok ? 0 : exitCodes.refused;
  } finally {
    installation.close();
  }
}

const clusterWords = ['context', 'kubeconfig', 'as', 'asGroup', 'asUid', 'namespace'] as const;

/** @throws AppError for options of both. */
function refuseBoth(options: OptionValues): void {
  const word = clusterWords.find((name) => options[name] !== undefined);
  if (word === undefined) return;
  const flag = word.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new AppError({
    code: 'DOCTOR_OF_WHAT',
    family: 'usage',
    message: `--node means this machine, and --${flag} a cluster: only one of them can be meant.`,
    hint: 'Leave one of them out.',
  });
}

/** Prints what works and what does not; 0 when nothing is wrong. */
export const doctor: RunVerb = async (_words, options, context) => {
  if (!flagOption(options, 'node')) return doctorCluster(options, context);
  refuseBoth(options);
  return (await import('./doctor-node.ts')).doctorNode(options, context);
};

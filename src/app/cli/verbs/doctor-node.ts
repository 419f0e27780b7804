// `doctor --node`: what this node's kernel and our rights allow, each in one sentence, and which gears that leaves. Changes nothing.
import { exitCodes } from '../../../core/model/app-error.ts';
import { abilityNames, gearsOf, type Ability, type Gear } from '../../../core/model/abilities.ts';
import { meshSentence } from '../../../io/kernel/node/mesh.ts';
import { defaultSysctlRoot, openNodeKernel } from '../../../io/kernel/node/node-kernel.ts';
import { probeAbilities } from '../../../io/kernel/node/probe-abilities.ts';
import { surveyNamespaces, type SurveyedNetns } from '../../../io/kernel/node/survey.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import type { CommandContext } from '../command-context.ts';
import { textOption } from '../option-values.ts';
import type { OptionValues } from '../verbs.ts';

/** Where container runtimes keep the files of pods' namespaces. */
const defaultNetnsDirectory = '/run/netns';

/** All that doctor tells; `-o json` prints it as it is. */
interface NodeReport {
  /** True when every gear works. */
  readonly ok: boolean;
  /** Who asks: the answer is about this user's rights. */
  readonly root: boolean;
  readonly gears: readonly Gear[];
  readonly abilities: readonly Ability[];
  readonly namespaces: readonly { readonly name: string; readonly sentence: string }[];
}

/** What there is to say about a namespace; undefined when nothing. */
function remark({ mesh, table }: SurveyedNetns): string | undefined {
  if (mesh !== undefined) return meshSentence(mesh);
  if (table.type === 'foreign') return 'A table of our name is there that no agent made: it is left alone.';
  if (table.type === 'absent') return undefined;
  const { owner, generation } = table.mark.owner;
  return `It has the rules of the agent ${owner}, start ${generation}.`;
}

async function examine(options: OptionValues): Promise<NodeReport> {
  const netnsDirectory = textOption(options, 'netns') ?? defaultNetnsDirectory;
  const sysctlRoot = textOption(options, 'sysctl') ?? defaultSysctlRoot;
  const kernel = await openNodeKernel(sysctlRoot);
  try {
    const found = probeAbilities(kernel, { netnsDirectory, sysctlRoot });
    const gears = gearsOf(found);
    const namespaces = surveyNamespaces(kernel, netnsDirectory).flatMap((seen) => {
      const sentence = remark(seen);
      return sentence === undefined ? [] : [{ name: seen.name, sentence }];
    });
    return {
      ok: gears.every(({ ok }) => ok),
      root: process.geteuid?.() === 0,
      gears,
      abilities: abilityNames.map((name) => found[name]),
      namespaces,
    };
  } finally {
    kernel.close();
  }
}

const row = (mark: string, name: string, sentence: string): string =>
  visibleText(`${mark.padEnd(4)} ${name.padEnd(13)} ${sentence}`);

function lines({ root, gears, abilities, namespaces }: NodeReport): string[] {
  const told = ({ name, ok, sentence }: Gear | Ability): string => row(ok ? 'ok' : 'off', name, sentence);
  return [
    ...gears.map(told),
    '',
    ...(root ? [] : ['Asked without root: the answers are about the rights of this user.']),
    ...abilities.map(told),
    ...(namespaces.length === 0 ? [] : ['']),
    ...namespaces.map(({ name, sentence }) => row('note', name, sentence)),
  ];
}

/** Prints what works and what does not; 0 when every gear works, 1 when one is off. */
export async function doctorNode(options: OptionValues, context: CommandContext): Promise<number> {
  const report = await examine(options);
  if (textOption(options, 'output') === 'json') context.out.line(JSON.stringify(report, undefined, 2));
  else for (const line of lines(report)) context.out.line(line);
  await context.out.drained();
  return report.ok ? 0 : exitCodes.refused;
}

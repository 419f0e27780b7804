// Which installation is meant: the one of -n, else the one that there is, else where one would be.
import { AppError } from '../../../core/model/app-error.ts';
import { defaultInstallOptions } from '../../../core/install/install-options.ts';
import { installedNamespaces } from '../../../io/kube/install/find-installation.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import { textOption } from '../option-values.ts';
import type { CommandContext } from '../command-context.ts';
import type { OptionValues } from '../verbs.ts';
import { openInstallation, type OpenInstallation } from './open-installation.ts';

const ambiguous = (namespaces: readonly string[]): AppError =>
  new AppError({
    code: 'INSTALLATION_AMBIGUOUS',
    family: 'usage',
    message: `Objects of more than one installation are in this cluster: of the namespaces ${namespaces.join(', ')}.`,
    hint: `Name the one that is meant, such as -n ${namespaces[0] ?? ''}.`,
  });

/** The cluster, opened with the namespace of its installation. @throws AppError when that cannot be told. */
export async function openInstalled(
  options: OptionValues,
  context: CommandContext,
): Promise<OpenInstallation> {
  const usual = defaultInstallOptions.namespace;
  const given = textOption(options, 'namespace');
  const installation = openInstallation(given ?? usual, options, context);
  if (given !== undefined) return installation;
  try {
    const [first = usual, ...more] = await installation.asking(installedNamespaces(installation.api));
    if (more.length > 0) throw ambiguous([first, ...more]);
    if (first !== usual) installation.say(visibleText(`The installation is in the namespace ${first}.`));
    return { ...installation, namespace: first };
  } catch (error) {
    installation.close();
    throw error;
  }
}

// `--opt-out KEY=VALUE`: the label by which pods and namespaces stay without an agent, the same for agents, hub and installation.
import { defaultInstallOptions } from '../../core/install/install-options.ts';
import { AppError } from '../../core/model/app-error.ts';
import { textOption } from './option-values.ts';
import type { OptionValues } from './verbs.ts';

/** A label and the value that it must have. */
export interface OptOutLabel {
  readonly key: string;
  readonly value: string;
}

/** @throws AppError when the text is no label. */
export function optOutLabel(text: string): OptOutLabel {
  const [key = '', value = '', more] = text.split('=');
  if (key !== '' && value !== '' && more === undefined) return { key, value };
  throw new AppError({
    code: 'OPT_OUT_LABEL',
    family: 'usage',
    message: `--opt-out "${text}" is not KEY=VALUE.`,
    hint: 'Write --opt-out apidefense.dev/enrol=false, for example.',
  });
}

/** What was given, or what is meant without. @throws AppError when it is no label. */
export function optOutOption(options: OptionValues): OptOutLabel {
  const text = textOption(options, 'optOut');
  return text === undefined ? defaultInstallOptions.optOutLabel : optOutLabel(text);
}

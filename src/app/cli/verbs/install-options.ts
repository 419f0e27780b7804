// What `install` was told: a file of values, as the Helm chart takes it, and options that go before it. Reads the file, asks no cluster.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { AppError } from '../../../core/model/app-error.ts';
import {
  checkInstallOptions,
  defaultInstallOptions,
  type InstallOptions,
} from '../../../core/install/install-options.ts';
import { optOutLabel } from '../opt-out-option.ts';
import { numberOption, textOption } from '../option-values.ts';
import type { OptionValues } from '../verbs.ts';

type Values = Readonly<Record<string, unknown>>;

const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function readValues(path: string): Values {
  let found: unknown;
  try {
    // As Helm reads it: the same file must not mean two things.
    found = parse(readFileSync(path, 'utf8'), { version: '1.1' }) ?? {};
  } catch (cause) {
    throw new AppError({
      code: 'VALUES_UNREADABLE',
      family: 'notFound',
      message: `The values ${path} cannot be read: ${cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '') : String(cause)}.`,
      hint: 'Name a YAML file such as deploy/helm/api-defense/values.yaml with --values FILE.',
      cause,
    });
  }
  if (isValues(found)) return found;
  throw new AppError({
    code: 'VALUES_SHAPE',
    family: 'data',
    message: `The values ${path} are no map of options.`,
    hint: 'Write `option: value` lines, as in deploy/helm/api-defense/values.yaml.',
  });
}

/** As Helm does it: maps are merged field by field, anything else is replaced. */
function merged(base: Values, over: Values): Values {
  const entries = Object.entries(over).map(([key, value]) => {
    const old = base[key];
    return [key, isValues(old) && isValues(value) ? merged(old, value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(entries) };
}

/** Fields that are there, of a map with some that are not. */
const present = (fields: Readonly<Record<string, unknown>>): Values =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function fromWords(options: OptionValues): Values {
  const label = textOption(options, 'optOut');
  const secret = textOption(options, 'imagePullSecret');
  return present({
    namespace: textOption(options, 'namespace'),
    createNamespace: options['createNamespace'] === false ? false : undefined,
    image: textOption(options, 'image'),
    imagePullPolicy: textOption(options, 'imagePullPolicy'),
    imagePullSecrets: secret === undefined ? undefined : secret.split(',').map((name) => ({ name })),
    logLevel: textOption(options, 'logLevel'),
    aggregatedApi: typeof options['aggregatedApi'] === 'boolean' ? options['aggregatedApi'] : undefined,
    optOutLabel: label === undefined ? undefined : optOutLabel(label),
    agent: present({ tapBudgetMiB: numberOption(options, 'tapBudget', { min: 1, max: 4_096 }) }),
    hub: present({ replicas: numberOption(options, 'replicas', { min: 1, max: 5 }) }),
  });
}

/**
 * Defaults, then what is installed (of an upgrade), then the file, then the words.
 * @throws AppError naming the option, or the file, at fault.
 */
export function installOptions(options: OptionValues, installed: Values = {}): InstallOptions {
  const file = textOption(options, 'values');
  const told = merged(installed, merged(file === undefined ? {} : readValues(file), fromWords(options)));
  if (!('image' in told))
    throw new AppError({
      code: 'IMAGE_MISSING',
      family: 'usage',
      message: 'install was not told which image agents and hub run, and no registry carries one.',
      hint: 'Build it with deploy/Containerfile, push it to a registry of yours, and name it with --image.',
    });
  return checkInstallOptions(merged({ ...defaultInstallOptions }, told));
}

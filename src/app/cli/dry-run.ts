// `--dry-run[=client|server]`: whether something is written, and who checks it.
import type { OptionValues } from './verbs.ts';

/** `server`: checked there, stored nowhere. `client`: nobody is asked. Undefined: it is written. */
export type DryRun = 'server' | 'client' | undefined;

/** A bare `--dry-run` is `bare`. */
export function dryRunOption(options: OptionValues, bare: 'server' | 'client'): DryRun {
  const how = options['dryRun'];
  if (how === undefined || how === false) return undefined;
  return how === 'server' || how === 'client' ? how : bare;
}

// The three kernel settings of a namespace that hand marks on: read, set, and set back. The directory may be a mount of the host's
// /proc/sys/net: the kernel resolves it by the namespace of the thread that asks. Knows no rule.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../../core/model/app-error.ts';
import type { Netns, NetnsDoor } from './netns.ts';

/**
 * What mode fwmark needs: an accepted socket takes the mark of the SYN, so that the application's replies find back to us; so do
 * resets and other packets that no socket sends. The order is that of `EarlierValues`.
 */
export const markSettings = ['ipv4/tcp_fwmark_accept', 'ipv4/fwmark_reflect', 'ipv6/fwmark_reflect'] as const;

/** One value (`0` or `1`) for each of `markSettings`, `-` where the namespace has no such setting. */
export type EarlierValues = string;

/** Nothing was changed. */
export const unchangedValues: EarlierValues = '---';

const eachSetting = (value: (index: number) => string): EarlierValues =>
  markSettings.map((_setting, index) => value(index)).join('');

/** What to note: values that an earlier life noted before it changed them stand, the others are as they are `now`. */
export const noteEarlier = (noted: EarlierValues, now: EarlierValues): EarlierValues =>
  eachSetting((index) => (noted[index] === '-' ? now[index] : noted[index]) ?? '-');

/** Where settings are, and how to get at a namespace's. */
export interface Sysctls {
  /** Values of `markSettings` in the namespace. */
  read(netns: Pick<Netns, 'fd'>): EarlierValues;
  /** Sets each to 1 that exists; answers the values before. @throws AppError when a file cannot be written; then none is changed. */
  enable(netns: Pick<Netns, 'fd'>): EarlierValues;
  /** Sets back what is still as `enable` left it; `-` is left alone. */
  restore(netns: Pick<Netns, 'fd'>, earlier: EarlierValues): void;
}

function readValue(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim().slice(0, 1) === '0' ? '0' : '1';
  } catch {
    return '-';
  }
}

function cannotWrite(path: string, cause: unknown): AppError {
  return new AppError({
    code: 'SYSCTL_READ_ONLY',
    family: 'denied',
    message: `The kernel setting ${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
    hint: "Mount the node's /proc/sys/net into the agent (hostPath) and name it with --sysctl; containers see it read-only otherwise.",
    cause,
  });
}

/** `root`: /proc/sys/net, or where the node's is mounted. */
export function createSysctls(door: NetnsDoor, root: string): Sysctls {
  const paths = markSettings.map((setting) => join(root, setting));
  const readAll = (): EarlierValues => paths.map(readValue).join('');
  /** Writes `values` where they differ from `now`. */
  const writeAll = (values: EarlierValues, now: EarlierValues): void => {
    for (const [index, path] of paths.entries()) {
      const value = values[index] ?? '-';
      if (value === '-' || now[index] === '-' || value === now[index]) continue;
      try {
        writeFileSync(path, value);
      } catch (cause) {
        throw cannotWrite(path, cause);
      }
    }
  };
  return {
    read: (netns) => door.within(netns, readAll),
    enable: (netns) =>
      door.within(netns, () => {
        const earlier = readAll();
        try {
          writeAll('111', earlier);
        } catch (error) {
          writeAll(earlier, readAll());
          throw error;
        }
        return earlier;
      }),
    restore: (netns, earlier) =>
      door.within(netns, () => {
        const now = readAll();
        writeAll(
          eachSetting((index) => (now[index] === '1' ? (earlier[index] ?? '-') : '-')),
          now,
        );
      }),
  };
}

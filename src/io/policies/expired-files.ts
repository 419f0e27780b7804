// Interactive policies must not pile up: a file that the store wrote by itself leaves the folder an hour after it expired. It is
// moved, not deleted, and only the newest are kept. Files that people wrote stay where they are.
import { readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expiryMs } from './merge-files.ts';
import type { PolicyFolder } from './policy-folder.ts';
import type { PolicyLimits } from './policy-limits.ts';
import { hiddenFolder, ownMark } from './policy-limits.ts';
import { makeFolder } from '../make-folder.ts';

interface Aside {
  readonly directory: string;
  readonly limits: PolicyLimits;
  readonly nowMs: number;
}

/** True when a file was moved. */
export async function setAsideExpired(
  folder: PolicyFolder,
  { directory, limits, nowMs }: Aside,
): Promise<boolean> {
  const due = [...folder.merged().held.values()].filter((one) => {
    if (expiryMs(one.policy) + limits.expiredKeepMs > nowMs || one.rejection !== undefined) return false;
    const file = folder.file(one.file);
    return (
      file?.read.ok === true && file.read.policies.length === 1 && file.text?.startsWith(ownMark) === true
    );
  });
  if (due.length === 0) return false;
  const aside = join(directory, hiddenFolder, 'expired');
  await makeFolder(aside, 0o700);
  for (const one of due) {
    const stamp = String(Math.floor(nowMs)).padStart(15, '0');
    await rename(join(directory, one.file), join(aside, `${stamp}-${one.file}`)).catch(() => undefined);
  }
  const kept = (await readdir(aside)).sort();
  for (const old of kept.slice(0, Math.max(0, kept.length - limits.expiredFiles)))
    await unlink(join(aside, old)).catch(() => undefined);
  return true;
}

// What is needed and not allowed is told at once and in full, before anything is changed.
import { AppError } from '../../../core/model/app-error.ts';
import { missingLines, type Need } from '../../../core/install/plan/rights.ts';
import { askRights } from '../../../io/kube/install/ask-rights.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import type { OpenInstallation } from './open-installation.ts';

/** What is wanted, for the sentence. */
export interface Wanted {
  readonly needs: readonly Need[];
  /** `install into the namespace apidefense-system`. */
  readonly what: string;
  /** What else can be done. */
  readonly hint: string;
}

/** @throws AppError INSTALL_RIGHTS when something is missing; each line of it has been said by then. */
export async function requireRights(
  { api, say, asking, author }: Pick<OpenInstallation, 'api' | 'say' | 'asking' | 'author'>,
  { needs, what, hint }: Wanted,
): Promise<void> {
  const missing = await asking(askRights(api, needs));
  if (missing.length === 0) return;
  const who = await asking(author());
  const lines = missingLines(missing);
  say(visibleText(`Missing rights of ${who}:`));
  for (const line of lines) say(visibleText(`  ${line}`));
  const count = missing.length === 1 ? '1 right is' : `${missing.length} rights are`;
  throw new AppError({
    code: 'INSTALL_RIGHTS',
    family: 'denied',
    message: `${who} may not ${what}: ${count} missing, each named above; nothing was changed.`,
    hint,
  });
}

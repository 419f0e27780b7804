// Names keys in sentences: the action always, its key in brackets where it is known. Keys can be remapped, words cannot.
import type { Intent } from './msg.ts';

/** The key that leads to each intent. */
export type KeyHints = Readonly<Partial<Record<Intent, string>>>;

/** `unlock (L)`, or `unlock` when no key is known. */
export function withKey(
  { keyHints }: { readonly keyHints: KeyHints },
  words: string,
  intent: Intent,
): string {
  const key = keyHints[intent];
  return key === undefined ? words : `${words} (${key})`;
}

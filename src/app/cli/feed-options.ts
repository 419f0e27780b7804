// Where a program serves its feed, from its options. A TCP feed always has a token.
import { parseLocalAddress, type LocalAddress } from '../../io/feed/feed-address.ts';
import { readTokenFile } from './feed-client.ts';
import { textOption } from './option-values.ts';
import { newToken } from './session-paths.ts';
import type { OptionValues } from './verbs.ts';

/** The given token, or a new one, to be left where `--connect` on this machine finds it. @throws AppError naming the option. */
export function feedOptions(options: OptionValues): { address: LocalAddress; token?: string } {
  const address = parseLocalAddress(textOption(options, 'feed') ?? '127.0.0.1:0');
  // The feed makes the folder of its socket itself.
  if (address.type === 'unix') return { address };
  const file = textOption(options, 'tokenFile');
  return { address, token: file === undefined ? newToken() : readTokenFile(file) };
}

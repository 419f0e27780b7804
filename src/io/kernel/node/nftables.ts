// The rules of one namespace: a text put in force as one transaction, listings as JSON. Knows no policy and no rule of ours.
import { AppError } from '../../../core/model/app-error.ts';
import type { Libnftables } from './libnftables.ts';
import type { Netns, NetnsDoor } from './netns.ts';

/** The rules of one namespace, until closed. */
export interface NamespaceRules {
  /** All of `text` or nothing. @throws AppError with nft's own message. */
  apply(text: string): void;
  /** A listing (`list table inet apidefense`, `list chains`) as parsed JSON: `{nftables: [...]}`. @throws AppError as `apply`. */
  list(command: string): unknown;
  close(): void;
}

/** Longest part of nft's message that is passed on. */
const messageLimit = 400;

function refused(netns: Pick<Netns, 'path'>, said: string): AppError {
  const lines = said
    .split('\n')
    .map((line) => line.trim().slice(0, messageLimit))
    // The lines it quotes are the first of the text, not the one at fault (1.0.6).
    .filter((line) => line.includes('Error:'));
  return new AppError({
    code: 'NFTABLES_REFUSED',
    family: 'unavailable',
    message: `nftables refused the rules for ${netns.path}: ${lines.slice(0, 2).join(' | ') || 'no reason given'}.`,
    hint: 'Nothing was changed. `doctor --node` tells which part the kernel lacks.',
  });
}

/**
 * The library's socket belongs to the namespace it was opened in, so running from outside would do; but versions before 0.9.9 open it
 * anew when a listing is interrupted by another change, and a heartbeat is one. From outside that would be a socket into the node's own
 * rules. So everything runs inside; it costs two system calls.
 */
export function createNamespaceRules(
  nft: Libnftables,
  door: NetnsDoor,
  netns: Pick<Netns, 'fd' | 'path'>,
): NamespaceRules {
  const context = door.within(netns, () => nft.create());
  let json: boolean | undefined;
  const run = (commands: string, asJson: boolean): string =>
    door.within(netns, () => {
      if (json !== asJson) nft.setJson(context, (json = asJson));
      const status = nft.run(context, commands);
      // Reading empties both buffers, so both are read always.
      const [output, said] = [nft.output(context), nft.errors(context)];
      if (status !== 0) throw refused(netns, said);
      return output;
    });
  return {
    apply: (text) => void run(text, false),
    list(command) {
      const text = run(command, true);
      return text === '' ? { nftables: [] } : (JSON.parse(text) as unknown);
    },
    close: () => nft.free(context),
  };
}

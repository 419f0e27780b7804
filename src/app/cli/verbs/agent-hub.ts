// `agent --node --kube --hub URL`: who is elsewhere comes from a hub, which hears in return what this agent sees. Loaded only then.
import { join } from 'node:path';
import { AppError } from '../../../core/model/app-error.ts';
import { joinInventories } from '../../../core/plan/joined-inventory.ts';
import type { InventorySource } from '../../../core/plan/inventory-source.ts';
import { dialHub, hubAddress } from '../../../io/hub/hub-dial.ts';
import { hubDialLimits } from '../../../io/hub/hub-limits.ts';
import { identityFile } from '../../../io/hub/identity-file.ts';
import { openRemoteIdentity, type RemoteIdentity } from '../../../io/hub/remote-identity.ts';
import type { AgentOptions } from '../../agent/agent.ts';
import { textOption } from '../option-values.ts';
import type { OptionValues } from '../verbs.ts';

/** The hub as an agent of a node has it. */
export interface AgentHub {
  /** Puts peers and Services of the hub beside this node's pods. */
  join(local: InventorySource, onNotice: (sentence: string) => void): Promise<InventorySource>;
  /** For the agent: dials when the feed is there, tells the age of what is known. */
  readonly options: Required<Pick<AgentOptions, 'onFeed' | 'notice'>>;
  /** Nothing of other nodes is written down any more. */
  forget(): void;
}

/** Shorter silences are a hub that is replaced, ms. */
const tellAwayMs = 30_000;

function required(options: OptionValues, name: string, flag: string): string {
  const text = textOption(options, name);
  if (text !== undefined) return text;
  throw new AppError({
    code: 'HUB_OPTION_MISSING',
    family: 'usage',
    message: `--hub needs ${flag} as well: the hub is believed by its authority alone, and believes a token alone.`,
    hint: `Write ${flag} with the file that is mounted into the agent's pod.`,
  });
}

/** What whoever watches should know of what is known of other nodes. */
function ageSentence(url: string, remote: RemoteIdentity | undefined): string | undefined {
  const { isConnected = true, heardMs } = remote?.age() ?? {};
  if (isConnected) return undefined;
  if (heardMs === undefined)
    return `The hub at ${url} has not been reached yet: nothing is known of other nodes.`;
  const ageMs = Date.now() - heardMs;
  return ageMs < tellAwayMs
    ? undefined
    : `The hub at ${url} is away: other nodes are known as of ${new Date(heardMs).toISOString()}.`;
}

/** Undefined without `--hub`. @throws AppError naming the option at fault. */
export function agentHub(
  options: OptionValues,
  node: string,
  say: (sentence: string) => void,
): AgentHub | undefined {
  const url = textOption(options, 'hub');
  if (url === undefined) return undefined;
  hubAddress(url);
  const caFile = required(options, 'hubCa', '--hub-ca FILE');
  const tokenFile = required(options, 'hubTokenFile', '--hub-token-file FILE');
  const directory = textOption(options, 'state');
  let remote: RemoteIdentity | undefined;
  return {
    async join(local, onNotice) {
      const file = directory === undefined ? undefined : identityFile(join(directory, 'identity'));
      remote = await openRemoteIdentity({ node, file, limits: hubDialLimits, now: Date.now, onNotice });
      return joinInventories(local, remote);
    },
    forget: () => remote?.forget(),
    options: {
      notice: () => ageSentence(url, remote),
      onFeed(server) {
        if (remote === undefined) throw new Error('the inventory is opened before the feed');
        const dial = dialHub({ url, caFile, tokenFile, server, remote, onNotice: say });
        return () => dial.close();
      },
    },
  };
}

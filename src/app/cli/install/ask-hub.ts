// What the hub of an installation says of itself and of its nodes, asked as any person asks it; and why, where it says nothing.
import { AppError } from '../../../core/model/app-error.ts';
import type { ApiEvent } from '../../../core/model/event.ts';
import { nodesSchema } from '../../../core/model/node-summary.ts';
import type { HubWord } from '../../../core/install/status/installation-facts.ts';
import { allNamespaces } from '../../../io/feed/feed-address.ts';
import { createLiveFeed } from '../../../io/feed/live-feed.ts';
import { createHubDialer } from '../../../io/kube/live/hub-dialer.ts';
import type { CommandContext } from '../command-context.ts';
import { startSession, type Session } from '../feed-client.ts';
import type { OpenInstallation } from './open-installation.ts';

/** The hub's answer, with the events that were asked for. */
export interface HubAnswer {
  readonly word: HubWord;
  /** Of the hub's window; empty where none were asked for, or it did not answer. */
  readonly history: readonly ApiEvent[];
}

function sessionOf(
  { api }: Pick<OpenInstallation, 'api'>,
  { env, interrupted }: Pick<CommandContext, 'env' | 'interrupted'>,
  last: number,
): Promise<Session> {
  const address = { type: 'cluster' as const, context: api.target.context, namespace: allNamespaces };
  const dialer = createHubDialer({ target: api.target, namespace: allNamespaces, env, now: Date.now });
  return startSession(createLiveFeed({ address, dialer, subscribe: { last } }), address, { interrupted });
}

/** The nodes, or why they are not told. */
async function nodesOf({ feed }: Session): Promise<Partial<Extract<HubWord, { type: 'answered' }>>> {
  try {
    const answer = nodesSchema.safeParse(await feed.request({ op: 'nodes' }));
    if (answer.success) return { nodes: answer.data.nodes };
    return { withoutNodes: 'The hub tells of nodes in a way that this program does not know.' };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { withoutNodes: `Nodes are not told: ${error.message}` };
  }
}

/** @param last so many of its newest flows. @throws AppError INTERRUPTED. */
export async function askHub(
  installation: Pick<OpenInstallation, 'api'>,
  context: Pick<CommandContext, 'env' | 'interrupted'>,
  last = 0,
): Promise<HubAnswer> {
  let session: Session;
  try {
    session = await sessionOf(installation, context, last);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'INTERRUPTED') throw error;
    const isRefused = error.family === 'denied';
    return { word: { type: 'away', sentence: error.message, isRefused }, history: [] };
  }
  try {
    const { version, notice } = session.status;
    const word: HubWord = {
      ...{ type: 'answered', ...(await nodesOf(session)) },
      ...(version === undefined ? {} : { version }),
      ...(notice === undefined ? {} : { notice }),
    };
    return { word, history: session.history };
  } finally {
    await session.close();
  }
}

// `agent status`: how a running agent is, on one screen or as JSON.
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../../core/model/app-error.ts';
import { statusSchema, type AgentStatus } from '../../../core/model/feed-message.ts';
import { nodeStatusSchema, type NodeStatus } from '../../../core/model/node-status.ts';
import { formatFeedAddress } from '../../../io/feed/feed-address.ts';
import { addressOf, openFeed, startSession, type Session } from '../feed-client.ts';
import { connectOptions } from '../connect-options.ts';
import { textOption } from '../option-values.ts';
import { statusLines } from '../output/status-lines.ts';
import type { RunVerb } from '../verbs.ts';

/** Between the two answers that CPU shares are measured from, ms. */
const apartMs = 1_000;

/** The status a moment after the session's. */
async function second({ feed }: Session, interrupted: Promise<void>): Promise<AgentStatus> {
  const stop = new AbortController();
  await Promise.race([pause(apartMs, undefined, stop), interrupted]);
  stop.abort();
  return statusSchema.parse(await feed.request({ op: 'status' }));
}

/** Undefined of an agent that has no node, or is too old to be asked. */
async function nodeOf({ feed }: Session): Promise<NodeStatus | undefined> {
  try {
    return nodeStatusSchema.safeParse(await feed.request({ op: 'node' })).data;
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

/** 0 when the agent answered, whatever it said. @throws AppError FEED_UNREACHABLE when nobody does. */
export const agentStatus: RunVerb = async (_words, options, context) => {
  const connect = connectOptions(options);
  const address = addressOf(connect, context.env);
  const session = await startSession(
    openFeed(connect, context.env, { subscribe: { last: 0 } }),
    address,
    context,
  );
  try {
    const node = await nodeOf(session);
    const more = node === undefined ? {} : { node };
    const from = { name: session.hello.name, address: formatFeedAddress(address) };
    if (textOption(options, 'output') === 'json') {
      context.out.line(JSON.stringify({ ...from, ...session.status, ...more }, undefined, 2));
    } else {
      const status = await second(session, context.interrupted);
      for (const line of statusLines({ ...from, ...more, status, before: session.status }))
        context.out.line(line);
    }
  } finally {
    await session.close();
  }
  await context.out.drained();
  return 0;
};

// `--follow`: a session's events as they come, until the person interrupts or the agent is gone for good.
import { exitCodes } from '../../core/model/app-error.ts';
import type { ApiEvent } from '../../core/model/event.ts';
import type { CommandContext } from './command-context.ts';
import type { Session } from './feed-client.ts';

/** Resolves with the exit status: `unavailable` when the feed was closed from the other side. The session stays open. */
export async function follow(
  session: Pick<Session, 'listen'>,
  context: Pick<CommandContext, 'say' | 'interrupted'>,
  take: (event: ApiEvent) => void,
): Promise<number> {
  const closed = new Promise<number>((resolve) => {
    session.listen((message) => {
      if (message.type === 'batch') message.events.forEach(take);
      if (message.type !== 'connection') return;
      context.say(`${message.state}: ${message.detail}`);
      if (message.state === 'closed') resolve(exitCodes.unavailable);
    });
  });
  return Promise.race([closed, context.interrupted.then(() => 0)]);
}

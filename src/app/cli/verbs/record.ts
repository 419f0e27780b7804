// `record`: subscribes to an agent and writes what it sees. Masked already where it was captured.
import type { ApiEvent, IdentityEvent, PolicyEvent } from '../../../core/model/event.ts';
import { createRecorder, type Recorder } from '../../../io/recording/recorder.ts';
import { addressOf, openFeed, startSession, type Session } from '../feed-client.ts';
import { connectOptions } from '../connect-options.ts';
import { durationOption } from '../option-values.ts';
import type { RunVerb } from '../verbs.ts';

/** How captured secrets were treated, kept in the header for whoever opens the file. */
const masking =
  'Secrets and personal data were replaced at capture by typed surrogates keyed per agent run: equal values stay equal, none can be read back.';

function headerOf({ hello, history }: Session): Parameters<typeof createRecorder>[0]['header'] {
  const isIdentity = (event: ApiEvent): event is IdentityEvent => event.type === 'identity';
  const isPolicy = (event: ApiEvent): event is PolicyEvent => event.type === 'policy';
  return {
    name: hello.name,
    agent: 'kubectl-api-defense',
    listeners: hello.listeners,
    windowMs: hello.windowMs,
    ...(hello.node === undefined ? {} : { node: hello.node }),
    identities: history.filter(isIdentity),
    policies: history.filter(isPolicy),
    masking,
  };
}

/** A recorder, and what became of its file. */
interface Recording {
  readonly recorder: Recorder;
  /** Resolves when the file cannot be written any more. */
  readonly failed: Promise<undefined>;
  readonly failure: () => Error | undefined;
}

/** The session is closed where the file cannot be begun. */
async function openRecording(path: string, session: Session): Promise<Recording> {
  let failure: Error | undefined;
  const failing = Promise.withResolvers<undefined>();
  const recorder = await createRecorder({
    path,
    header: headerOf(session),
    onFailure(error) {
      failure = error;
      failing.resolve(undefined);
    },
  }).catch(async (error: unknown) => {
    await session.close();
    throw error;
  });
  for (const event of session.history) recorder.write(event);
  return { recorder, failed: failing.promise, failure: () => failure };
}

/** Writes what comes; resolves when the agent is gone for good. */
function writeLive(recorder: Recorder, session: Session, say: (text: string) => void): Promise<void> {
  return new Promise((resolve) => {
    session.listen((message) => {
      if (message.type === 'batch') for (const event of message.events) recorder.write(event);
      if (message.type === 'connection') say(`${message.state}: ${message.detail}`);
      if (message.type === 'connection' && message.state === 'closed') resolve();
    });
  });
}

/** Writes a session into a file until it is told to stop or its time is up. */
export const record: RunVerb = async (words, options, context) => {
  const path = words[0] ?? '';
  const forMs = durationOption(options, 'for');
  const sinceMs = durationOption(options, 'since');
  const connect = connectOptions(options);
  const subscribe = sinceMs === undefined ? { last: 0 } : { sinceMs: Date.now() - sinceMs };
  const feed = openFeed(connect, context.env, { subscribe });
  const session = await startSession(feed, addressOf(connect, context.env), context);
  const { recorder, failed, failure } = await openRecording(path, session);
  context.say(`recording to ${path}${forMs === undefined ? '; ctrl-c ends it' : ''}`);
  let timer: NodeJS.Timeout | undefined;
  const timeIsUp = new Promise<void>((resolve) => {
    if (forMs !== undefined) timer = setTimeout(resolve, forMs);
  });
  const gone = writeLive(recorder, session, context.say);
  await Promise.race([timeIsUp, gone, failed, context.interrupted]);
  clearTimeout(timer);
  await session.close();
  await recorder.close();
  const failedWith = failure();
  if (failedWith) throw failedWith;
  const { events, bytes, lost } = recorder.stats();
  context.say(
    `${path}: ${events} events, ${Math.ceil(bytes / 1024)} KiB${lost === 0 ? '' : `, ${lost} lost`}`,
  );
  return 0;
};

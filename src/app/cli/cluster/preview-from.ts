// `--preview-from FILE|ADDRESS`: whose flows show what a change to the cluster would have done. The policies are the cluster's own.
import { statSync } from 'node:fs';
import { AppError } from '../../../core/model/app-error.ts';
import type { ApiEvent, Endpoint } from '../../../core/model/event.ts';
import type { AgentStatus } from '../../../core/model/feed-message.ts';
import { readRecording } from '../../../io/recording/read-recording.ts';
import { isOfNode } from '../../../io/recording/replay-feed.ts';
import type { CommandContext } from '../command-context.ts';
import { addressOf, openFeed, startSession } from '../feed-client.ts';
import { textOption } from '../option-values.ts';
import type { OptionValues } from '../verbs.ts';

/** What was seen, by whom. */
export interface Seen {
  /** `recording shop.adr`, `agent at 127.0.0.1:9901`. */
  readonly title: string;
  readonly history: readonly ApiEvent[];
  readonly ends: readonly Endpoint[];
  /** Undefined of a recording. */
  readonly status: AgentStatus | undefined;
  readonly node: boolean | undefined;
}

/** What is said where it was not given. */
export const nothingSeen =
  'Nothing is known of its effect: "--preview-from FILE" (a recording) or "--preview-from ADDRESS" (an agent) shows what it would have done.';

/** The newest so many of a recording are looked at: ten minutes of 300 requests/s, some 200 MB. */
const eventLimit = 200_000;

const notThere = (text: string): AppError =>
  new AppError({
    code: 'PREVIEW_FROM',
    family: 'notFound',
    message: `--preview-from "${text}" is neither a recording nor the address of a feed: there is no such file.`,
    hint: 'Name a file that "record" has written, 127.0.0.1:PORT, or unix:PATH.',
  });

function fileTypeOf(path: string): 'recording' | 'socket' | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return found.isSocket() ? 'socket' : 'recording';
}

async function fromRecording(path: string, say: CommandContext['say']): Promise<Seen> {
  const reader = readRecording(path);
  const header = await reader.header();
  let history: ApiEvent[] = [];
  let left = 0;
  for await (const events of reader.blocks()) {
    for (const event of events) history.push(event);
    if (history.length < 2 * eventLimit) continue;
    left += history.length - eventLimit;
    history = history.slice(-eventLimit);
  }
  const damage = reader.damage();
  if (damage !== undefined) say(`warning: ${damage.message}`);
  if (left > 0)
    say(`warning: only the newest ${history.length} events of ${path} are looked at, ${left} are not.`);
  const node = header !== undefined && isOfNode(header);
  return { title: `recording ${path}`, history, ends: [], status: undefined, node };
}

async function fromFeed(text: string, options: OptionValues, context: CommandContext): Promise<Seen> {
  const tokenFile = textOption(options, 'tokenFile');
  const connect = { connect: text, ...(tokenFile === undefined ? {} : { tokenFile }) };
  const session = await startSession(
    openFeed(connect, context.env),
    addressOf(connect, context.env),
    context,
  );
  await session.close();
  const { history, hello, status } = session;
  const ends = hello.listeners.flatMap(({ source, destination }) => [source, destination]);
  return { title: `agent at ${text}`, history, ends, status, node: hello.node };
}

/** Undefined when it was not given. @throws AppError naming what cannot be read. */
export async function seenFrom(options: OptionValues, context: CommandContext): Promise<Seen | undefined> {
  const text = textOption(options, 'previewFrom');
  if (text === undefined) return undefined;
  if (text.startsWith('unix:')) return fromFeed(text, options, context);
  const type = fileTypeOf(text);
  if (type === 'recording') return fromRecording(text, context.say);
  if (type === 'socket') return fromFeed(`unix:${text}`, options, context);
  if (/^(.+:)?\d{1,5}$/.test(text)) return fromFeed(text, options, context);
  throw notThere(text);
}

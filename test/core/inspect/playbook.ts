// Runs a playbook against a Conversation: `>>` lines go in, `<<` lines must come out, in order, nothing else. No network, no clock.
//
//   >> client|upstream TEXT      bytes; \r \n \xNN are escapes, {get /a} {post /a 3} {200 ok} {200} {client hello} {server hello} are short for whole messages
//   >> end client|upstream       FIN            >> abort client|upstream WHY
//   >> connect refused|timeout   the leg failed  >> policy WORDS   see `FakePolicy`   >> rejudge   >> wait MS
//   >> gap client|upstream N     bytes nobody saw: << reads on | lost sight
//   << connect | close | reset | hold client | resume client | shutdown upstream | idle (asserted with `>> idle?`)
//   << upstream|client TEXT      bytes, neighbours joined; our own answers as `answer STATUS [close] [fields]`
//   << observe METHOD PATH STATUS ACTION [opening] [local] [broken=CODE] [cut=WORD] [opaque=WORD [req=N res=N] where raw]
import { expect } from 'vitest';
import { createRouteLearner } from '../../../src/core/catalog/route-learner.ts';
import { createConversation } from '../../../src/core/inspect/conversation.ts';
import type { ConversationLimits } from '../../../src/core/inspect/conversation-options.ts';
import type {
  AbortReason,
  ConnectFailure,
  Conversation,
} from '../../../src/core/inspect/conversation-port.ts';
import { newExchange } from '../../../src/core/inspect/new-exchange.ts';
import { createWorkspace } from '../../../src/core/inspect/workspace.ts';
import type { CommandSink, Side } from '../../../src/core/model/command.ts';
import type { ConnectionEnds } from '../../../src/core/model/identity.ts';
import { actionCodes, type Exchange } from '../../../src/core/model/exchange.ts';
import { createFakePolicy, type FakePolicy } from './fake-policy.ts';

/** A ClientHello with nothing it need not have, and the beginning of an answer to it. */
const clientHello = `\\x16\\x03\\x01\\x00-\\x01\\x00\\x00)\\x03\\x03${'r'.repeat(32)}\\x00\\x00\\x02\\x13\\x01\\x01\\x00`;
const serverHello = String.raw`\x16\x03\x03\x00\x04\x02\x00\x00\x00`;

const wire = (text: string): string =>
  text
    .replaceAll('{client hello}', clientHello)
    .replaceAll('{server hello}', serverHello)
    .replace(/\{get (\S+?)\}/g, (_, path: string) => `GET ${path} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n`)
    .replace(
      /\{post (\S+) (\d+)\}/g,
      (_, path: string, length: string) =>
        `POST ${path} HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: ${length}\\r\\n\\r\\n`,
    )
    .replace(
      /\{(\d{3})(?: (\w+))?\}/g,
      (_, status: string, body: string | undefined) =>
        `HTTP/1.1 ${status} S\\r\\nContent-Length: ${(body ?? '').length}\\r\\n\\r\\n${body ?? ''}`,
    );

/** Bytes of playbook text. */
export function bytesOf(text: string): Uint8Array {
  const plain = wire(text).replace(
    /\\x([0-9a-f]{2})|\\([rnt])/g,
    (_, hex: string | undefined, letter: string | undefined) =>
      hex === undefined
        ? { r: '\r', n: '\n', t: '\t' }[letter ?? '']!
        : String.fromCharCode(parseInt(hex, 16)),
  );
  return Buffer.from(plain, 'latin1');
}

const shown = (text: string): string =>
  text.replace(/[^ -~]/g, (byte) =>
    byte === '\r' ? '\\r' : byte === '\n' ? '\\n' : `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );

/** Our own answers are checked byte for byte in answers.test.ts; here their meaning is enough. */
function answerLine(text: string): string {
  const field = (name: string): string => new RegExp(`^${name}: (.*)\\r$`, 'm').exec(text)?.[1] ?? '';
  const status = text.slice(9, 12);
  const extras = [
    ...(field('connection') === '' ? [] : [field('connection')]),
    ...(field('retry-after') === '' ? [] : [`retry-after=${field('retry-after')}`]),
    ...(field('ratelimit-policy') === '' ? [] : [field('ratelimit-policy'), field('ratelimit')]),
    ...(text.endsWith('\r\n\r\n') ? ['no-body'] : []),
  ];
  return ['<< client answer', status, ...extras].join(' ');
}

function observed(exchange: Exchange): string {
  const text = (start: number, end: number): string =>
    Buffer.from(exchange.head.subarray(start, end)).toString('latin1') || '-';
  return [
    '<< observe',
    text(exchange.methodStart, exchange.methodEnd),
    text(exchange.pathStart, exchange.pathEnd),
    exchange.status,
    actionCodes[exchange.decision.action],
    ...(exchange.opening ? ['opening'] : []),
    ...(exchange.local ? ['local'] : []),
    ...(exchange.broken === '' ? [] : [`broken=${exchange.broken}`]),
    ...(exchange.cut === '' ? [] : [`cut=${exchange.cut}`]),
    ...(exchange.opaque === '' ? [] : [`opaque=${exchange.opaque}`]),
    // How much had passed by the time of an opening depends on how the bytes were cut.
    ...(exchange.opaque === '' || exchange.opening
      ? []
      : [`req=${exchange.requestBytes}`, `res=${exchange.responseBytes}`]),
  ].join(' ');
}

export interface Stage {
  readonly conversation: Conversation;
  readonly policy: FakePolicy;
  readonly log: string[];
  /** Copies of what was observed. */
  readonly exchanges: Exchange[];
  now: number;
}

/** `ends`: the connection came through a pod's port; peers are nobody's. */
export function createStage(
  limits: Partial<ConversationLimits> = {},
  watches = false,
  ends?: ConnectionEnds,
): Stage {
  const log: string[] = [];
  const exchanges: Exchange[] = [];
  const policy = createFakePolicy();
  const sink: CommandSink = {
    send: (to, bytes, start, end) => {
      const text = Buffer.from(bytes.subarray(start, end)).toString('latin1');
      const ours = to === 'client' && text.includes('application/problem+json');
      const last = log.at(-1);
      if (ours) log.push(answerLine(text));
      else if (last?.startsWith(`<< ${to} `) === true && !last.startsWith('<< client answer'))
        log[log.length - 1] = last + shown(text);
      else log.push(`<< ${to} ${shown(text)}`);
    },
    shutdown: (to) => void log.push(`<< shutdown ${to}`),
    close: () => void log.push('<< close'),
    reset: () => void log.push('<< reset'),
    hold: (from) => void log.push(`<< hold ${from}`),
    resume: (from) => void log.push(`<< resume ${from}`),
    connect: () => void log.push('<< connect'),
    observe: (exchange) => {
      log.push(observed(exchange));
      exchanges.push(structuredClone(exchange));
    },
  };
  const conversation = createConversation({
    connection: 7,
    listener: 2,
    sink,
    decider: () => policy.decider,
    routes: createRouteLearner(),
    exchange: newExchange(),
    randomId: () => '00000000000000aa',
    clientAddress: '10.0.0.7:5123',
    limits,
    watches,
    ...(ends === undefined ? {} : { ends: () => ends }),
    workspace: createWorkspace(),
  });
  return { conversation, policy, log, exchanges, now: 1000 };
}

/** Bytes arrive in a buffer that is overwritten as soon as the call returns. */
export function deliver(stage: Stage, from: Side, bytes: Uint8Array): void {
  const buffer = Buffer.concat([Buffer.from('???'), bytes, Buffer.from('???')]);
  stage.conversation.receive(from, buffer, 3, 3 + bytes.length, stage.now);
  buffer.fill(0xee);
}

function act(stage: Stage, line: string): void {
  const { conversation, now } = stage;
  const [verb = '', ...rest] = line.split(' ');
  const argument = line.slice(verb.length + 1);
  switch (verb) {
    case 'start':
      conversation.start(now);
      break;
    case 'client':
    case 'upstream':
      deliver(stage, verb, bytesOf(argument));
      break;
    case 'end':
      conversation.ended(rest[0] as Side, now);
      break;
    case 'abort':
      conversation.aborted(rest[0] as Side, rest[1] as AbortReason, now);
      break;
    case 'gap': {
      const goesOn = conversation.gap(rest[0] as Side, Number(rest[1]), now);
      stage.log.push(goesOn ? '<< reads on' : '<< lost sight');
      break;
    }
    case 'connect':
      conversation.connectFailed(rest[0] as ConnectFailure, now);
      break;
    case 'policy':
      stage.policy.set(argument);
      break;
    case 'rejudge':
      conversation.rejudge(now);
      break;
    case 'wait':
      stage.now += Number(argument);
      break;
    case 'owes?':
      stage.log.push(conversation.owes() ? '<< owes' : '<< owes nothing');
      break;
    case 'idle?':
      stage.log.push(conversation.idle() ? '<< idle' : '<< busy');
      break;
    default:
      throw new Error(`playbook: no verb ${verb}`);
  }
}

const isSend = (line: string): boolean => line.startsWith('<< upstream') || line.startsWith('<< client');

/** Runs the playbook; each group of `<<` lines must be exactly what the `>>` lines before it caused. */
export function play(
  script: string,
  limits: Partial<ConversationLimits> = {},
  watches = false,
  ends?: ConnectionEnds,
): Stage {
  const stage = createStage(limits, watches, ends);
  const lines = script
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  let at = 0;
  while (at < lines.length) {
    const done: string[] = [];
    for (; lines[at]?.startsWith('>>') === true; at += 1) {
      done.push(lines[at]!);
      act(stage, lines[at]!.slice(3));
    }
    const expected: string[] = [];
    for (; lines[at]?.startsWith('<<') === true; at += 1)
      expected.push(
        isSend(lines[at]!) && !lines[at]!.startsWith('<< client answer') ? wire(lines[at]!) : lines[at]!,
      );
    expect(stage.log.splice(0), `after ${done.join(' | ')}`).toEqual(expected);
  }
  return stage;
}

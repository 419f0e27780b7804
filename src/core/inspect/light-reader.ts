// Exchange -> LightFlow: the hot path of main. Looks everything up by its bytes and fills one reused struct; makes objects and texts
// only for what was not seen before. What it cannot say in the struct it leaves to the assembler of events.
import type { Exchange } from '../model/exchange.ts';
import type { Peer } from '../model/identity.ts';
import { isPlain } from './exchange-shape.ts';
import type { FlowEnds } from './flow-ends.ts';
import type { FlowAssemblerOptions } from './flow-event.ts';
import { rememberHead, type ConnectionWords } from './flow-event-connection.ts';
import { elapsed } from './flow-event-time.ts';
import type { Tools } from './flow-tools.ts';
import { newLightFlow, type LightFlow } from './light-flow.ts';
import { targetWordsOf, type TargetWords } from './light-words.ts';

/** What the reader shares with the assembler of events. */
export interface LightReaderOptions extends Pick<FlowAssemblerOptions, 'describe'> {
  readonly endsOf: (exchange: Exchange) => FlowEnds | undefined;
  readonly tools: Tools;
  readonly wordsOf: (exchange: Exchange, source: Peer) => ConnectionWords;
}

function targetOf(exchange: Exchange, head: Buffer, tools: Tools): TargetWords {
  const target = tools.target(head, exchange.pathStart, exchange.pathEnd);
  if (target.words?.learned === exchange.route) return target.words;
  return (target.words = targetWordsOf(target.path, exchange.route, tools.route(exchange.route)));
}

function fillMessage(flow: LightFlow, exchange: Exchange, tools: Tools): void {
  const head = tools.head(exchange.head);
  flow.method = tools.word(head, exchange.methodStart, exchange.methodEnd);
  flow.host = tools.host(head, exchange.hostStart, exchange.hostEnd);
  flow.target = targetOf(exchange, head, tools);
  flow.query =
    exchange.queryEnd > exchange.queryStart
      ? tools.query(head, exchange.queryStart, exchange.queryEnd)
      : undefined;
  const { connection } = flow;
  flow.head = tools.headers.readLight(head, exchange.headLength, connection.head, flow.trace);
  rememberHead(connection, flow.head);
}

function fillNumbers(flow: LightFlow, exchange: Exchange): void {
  const { startedAt } = exchange;
  flow.startedMs = Math.floor(startedAt);
  flow.latencyMs = elapsed(startedAt, exchange.endedAt);
  flow.firstByteMs = elapsed(startedAt, exchange.firstByteAt);
  flow.sequence = exchange.sequence;
  flow.protocol = exchange.protocol;
  flow.requestBytes = exchange.requestBytes;
  flow.responseBytes = exchange.responseBytes;
  flow.status = exchange.status;
}

/** As `FlowReader.light`. */
export function createLightReader(
  options: LightReaderOptions,
): (exchange: Exchange) => LightFlow | undefined {
  const { endsOf, describe, tools, wordsOf } = options;
  let flow: LightFlow | undefined;
  return (exchange) => {
    if (!exchange.light || !isPlain(exchange) || exchange.normalisedPath !== '') return undefined;
    const ends = endsOf(exchange);
    if (!ends) return undefined;
    const { source, destination } = ends;
    const { verdict, shadow } = describe(exchange, '', source.principal);
    if (shadow !== undefined || verdict.action !== 'allow' || verdict.field !== undefined) return undefined;
    const connection = wordsOf(exchange, source);
    if (flow === undefined) {
      const target = targetOf(exchange, tools.head(exchange.head), tools);
      flow = newLightFlow({ connection, destination, verdict, target, head: connection.head });
    } else {
      flow.connection = connection;
      flow.destination = destination;
      flow.verdict = verdict;
    }
    fillNumbers(flow, exchange);
    fillMessage(flow, exchange, tools);
    return flow;
  };
}

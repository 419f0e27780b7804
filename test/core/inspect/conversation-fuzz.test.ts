// Mutated requests and answers through a whole conversation: it never throws, what it does does not depend on how bytes were
// cut, every request is observed exactly once, and under an enforcing policy nothing unjudged reaches upstream.
import { expect, test } from 'vitest';
import { RequestParser } from '../../../src/core/protocol/http1/request-parser.ts';
import { createHeadPool } from '../../../src/core/protocol/http1/head-pool.ts';
import { parsed } from '../../../src/core/protocol/http1/message-parser.ts';
import { mutate, requestSeeds, responseSeeds } from '../protocol/http1/mutations.ts';
import { createRandom, type Random } from '../protocol/http1/random.ts';
import { createStage, deliver, type Stage } from './playbook.ts';

function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...cuts, bytes.length];
  return cuts.concat(bytes.length).map((end, index) => bytes.subarray(edges[index], end));
}

function cutsFor(random: Random, length: number, round: number): number[] {
  if (round === 0) return [];
  if (round === 1) return Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1);
  const cuts = new Set(
    Array.from({ length: random.below(4) }, () => 1 + random.below(Math.max(1, length - 1))),
  );
  return [...cuts].filter((cut) => cut < length).sort((a, b) => a - b);
}

/** What went to one side, joined, and how it ended: the parts of a log that must not depend on cuts. */
function summary(stage: Stage): Record<string, unknown> {
  const to = (side: string): string =>
    stage.log
      .filter((line) => line.startsWith(`<< ${side}`))
      .map((line) => line.slice(4 + side.length))
      .join('');
  return {
    upstream: to('upstream'),
    client: to('client'),
    end: stage.log.filter((line) => line === '<< close' || line === '<< reset'),
    // How much of a stray answer came before the connection ended does depend on cuts; that it was dropped does not.
    observed: stage.log.filter((line) => line.startsWith('<< observe') && !line.includes('UNSOLICITED')),
  };
}

function run(
  request: Uint8Array,
  response: Uint8Array,
  words: string,
  split: (length: number) => number[],
): Stage {
  const stage = createStage();
  stage.policy.set(words);
  stage.conversation.start(1);
  for (const piece of pieces(request, split(request.length))) deliver(stage, 'client', piece);
  for (const piece of pieces(response, split(response.length))) deliver(stage, 'upstream', piece);
  stage.conversation.rejudge(2);
  stage.conversation.ended('client', 3);
  stage.conversation.ended('upstream', 4);
  stage.conversation.aborted('client', 'reset', 5);
  return stage;
}

test.each(['l7', 'none'])('2,000 mutated conversations under %s are the same at every cut', (words) => {
  const random = createRandom(0xc0de);
  for (let round = 0; round < 2000; round += 1) {
    const request = mutate(random, Buffer.from(random.pick(requestSeeds), 'latin1'));
    // Without a request, what a server that speaks first is taken for depends on its first read, by design.
    if (request.length < 2) continue;
    const response = mutate(random, Buffer.from(random.pick(responseSeeds), 'latin1'));
    const whole = summary(run(request, response, words, () => []));
    for (const kind of [1, 2]) {
      const cut = summary(run(request, response, words, (length) => cutsFor(random, length, kind)));
      // How much of a broken answer had passed before it was found out depends on cuts: none of it, or a part and a close.
      const refused = /answer 502 close( no-body)?$/.test(String(whole['client']));
      if (refused) expect(cut['end']).toEqual(whole['end']);
      expect(
        refused ? cut['upstream'] : cut,
        JSON.stringify([Buffer.from(request).toString('latin1'), Buffer.from(response).toString('latin1')]),
      ).toEqual(refused ? whole['upstream'] : whole);
    }
  }
});

/** Paths that a strict reader finds in what upstream was sent. */
function pathsIn(bytes: Uint8Array): string[] {
  const parser = new RequestParser(createHeadPool());
  const paths: string[] = [];
  let at = 0;
  for (let event = -1; event !== parsed.needMore && event !== parsed.broken; at = parser.position) {
    event = parser.push(bytes, at, bytes.length);
    if (event !== parsed.head) continue;
    const { view } = parser;
    paths.push(Buffer.from(bytes.subarray(view.pathStart, view.pathEnd)).toString('latin1'));
    parser.releaseHead();
  }
  return paths;
}

test('under an enforcing policy upstream sees exactly the requests that were judged and admitted, each observed once', () => {
  const random = createRandom(0xabcd);
  let forwarded = 0;
  for (let round = 0; round < 2000; round += 1) {
    const request = mutate(
      random,
      Buffer.from(random.pick(requestSeeds).replace('/c', '/admin/c'), 'latin1'),
    );
    const stage = createStage();
    const sent: Buffer[] = [];
    const { log } = stage;
    deliver(stage, 'client', request);
    for (const line of log.filter((text) => text.startsWith('<< upstream ')))
      sent.push(Buffer.from(unshown(line.slice(12)), 'latin1'));
    const seen = pathsIn(Buffer.concat(sent));
    const admitted = stage.policy.judged.filter((path) => !/^\/(admin|reset|limit|nul)/.test(path));
    forwarded += seen.length;
    expect(seen, JSON.stringify(Buffer.from(request).toString('latin1'))).toEqual(admitted);
    stage.conversation.aborted('client', 'reset', 9);
    expect(new Set(stage.exchanges.map(({ sequence }) => sequence)).size).toBe(stage.exchanges.length);
    expect(stage.exchanges.length).toBeGreaterThanOrEqual(stage.policy.judged.length);
  }
  expect(forwarded).toBeGreaterThan(800);
});

/** Reverses the playbook's display of bytes. */
function unshown(text: string): string {
  return text.replace(/\\(r|n|x[0-9a-f]{2})/g, (_, code: string) =>
    code === 'r' ? '\r' : code === 'n' ? '\n' : String.fromCharCode(parseInt(code.slice(1), 16)),
  );
}

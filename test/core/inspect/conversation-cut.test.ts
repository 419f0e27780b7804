// Why connections end otherwise than by complete answers: every record without one says it, and a request that came too slowly is
// answered 408 where there is still room for an answer.
import { expect, test } from 'vitest';
import { cutWords } from '../../../src/core/model/cut-words.ts';
import { play } from './playbook.ts';

const r = String.raw;

test('a head that does not come in time is answered 408, and who held the connection is on record', () => {
  const stage = play(r`
    >> client GET /a HTTP/1.1\r\nHo
    >> owes?
    << owes
    >> wait 15000
    >> abort client head-timeout
    << client answer 408 close
    << observe - - 408 allow local cut=head-timeout
    << close
    >> owes?
    << owes nothing
  `);
  expect(stage.exchanges[0]).toMatchObject({
    startedAt: 1000,
    endedAt: 16_000,
    requestBytes: 19,
    blockId: '',
  });
});

test('the same for the first bytes, and for a head that follows answered requests', () => {
  play(r`
    >> client P
    >> owes?
    << owes
    >> abort client head-timeout
    << client answer 408 close
    << observe - - 408 allow local cut=head-timeout
    << close
  `);
  play(r`
    >> client {get /a}
    << upstream {get /a}
    >> upstream {200}
    << client {200}
    << observe GET /a 200 allow
    >> client GET
    >> abort client head-timeout
    << client answer 408 close
    << observe - - 408 allow local cut=head-timeout
    << close
  `);
});

test('while an answer is due nothing can be said in between: the connection is cut, both requests are on record', () => {
  play(r`
    >> client {get /a}GET /b
    << upstream {get /a}
    >> owes?
    << owes
    >> abort client head-timeout
    << observe GET /a 0 allow cut=head-timeout
    << observe - - 0 allow cut=head-timeout
  `);
});

test('the body of a refused request has a deadline, its refusal stands', () => {
  play(r`
    >> client {post /admin 5}ab
    << client answer 403
    >> owes?
    << owes
    >> abort client head-timeout
    << observe POST /admin 403 block local cut=body-timeout
  `);
});

test('nothing is owed by a client that is held, that waits, that uploads, or whose connection is raw', () => {
  play(r`
    >> owes?
    << owes nothing
    >> client {get /a}{get /admin}GET /b
    << upstream {get /a}
    << hold client
    >> owes?
    << owes nothing
    >> upstream {200}
    << client {200}
    << client answer 403
    << resume client
    << observe GET /a 200 allow
    << observe GET /admin 403 block local
    >> owes?
    << owes
    >> client  HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab
    << upstream GET /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab
    >> owes?
    << owes nothing
  `);
  play(r`
    >> client {client hello}
    << upstream {client hello}
    >> owes?
    << owes nothing
  `);
});

test.each([
  ['client', 'reset', 'client-reset'],
  ['upstream', 'overflow', 'limit'],
  ['upstream', 'stalled', 'stalled'],
  ['client', 'idle-timeout', 'idle-timeout'],
  ['client', 'stopped', 'drain'],
])('%s %s is recorded as %s', (from, why, word) => {
  expect(Object.keys(cutWords)).toContain(word);
  play(`
    >> client {get /a}
    << upstream {get /a}
    >> abort ${from} ${why}
    << observe GET /a 0 allow cut=${word}
  `);
});

test('a client that goes away inside a head is on record too', () => {
  play(r`
    >> client GET /a
    >> abort client reset
    << observe - - 0 allow cut=client-reset
  `);
});

test('what ends as it should says nothing', () => {
  play(r`
    >> client {get /a}
    << upstream {get /a}
    >> upstream HTTP/1.1 200 OK\r\n\r\nuntil the end
    << client HTTP/1.1 200 OK\r\n\r\nuntil the end
    >> end upstream
    << observe GET /a 200 allow
    << close
  `);
});

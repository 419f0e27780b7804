// Playbooks of how conversations end: half-close, aborts, unreachable upstreams, and snapshots that change meanwhile.
import { describe, expect, test } from 'vitest';
import { exchangeGear } from '../../../src/core/model/exchange.ts';
import { peerFromName, type ConnectionEnds } from '../../../src/core/model/identity.ts';
import { play } from './playbook.ts';

const r = String.raw;

test('a client that half-closes still gets its answer', () => {
  play(r`
    >> client {get /a}
    << upstream {get /a}
    >> end client
    << shutdown upstream
    >> upstream {200 ok}
    << client {200 ok}
    << observe GET /a 200 allow
    << close
  `);
});

test('a half-close that comes while the client is held takes its turn', () => {
  play(r`
    >> client {get /a}{get /admin}
    << upstream {get /a}
    << hold client
    >> end client
    >> upstream {200}
    << client {200}
    << client answer 403
    << resume client
    << shutdown upstream
    << observe GET /a 200 allow
    << observe GET /admin 403 block local
    << close
  `);
});

test('a client that ends inside a body: upstream sees the same end and may answer', () => {
  play(r`
    >> client {post /a 5}ab
    << upstream {post /a 5}ab
    >> end client
    << shutdown upstream
    >> upstream {400}
    << client {400}
    << observe POST /a 400 allow broken=EOF_IN_BODY
    << close
  `);
});

test('upstream ends inside an answer', () => {
  play(r`
    >> client {get /a}
    << upstream {get /a}
    >> upstream HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab
    << client HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab
    >> end upstream
    << observe GET /a 200 allow broken=EOF_IN_BODY cut=upstream-closed
    << close
  `);
});

test('upstream ends without an answer, or while nobody asks', () => {
  play(r`
    >> client {get /a}
    << upstream {get /a}
    >> end upstream
    << observe GET /a 0 allow cut=upstream-closed
    << close
  `);
  play(r`
    >> end upstream
    << close
  `);
});

describe('the pod that was called itself', () => {
  const peer = peerFromName('orders', 'shop');
  const ends: ConnectionEnds = {
    ...{ source: peer, destination: peer, sourcePeer: -1, destinationPeer: 0, gear: exchangeGear.inline },
    ...{ destinationAddress: '10.0.0.3:8080', destinationPort: 8080 },
  };
  const playInline = (script: string): void => void play(script, {}, false, ends);

  test.each(['refused', 'timeout', 'unreachable'])(
    'cannot be reached (%s): a caller that has said nothing is reset at once, and that is told',
    (why) => {
      playInline(`
        >> start
        << connect
        >> connect ${why}
        << observe - - 0 allow cut=connect-${why} opaque=attempt req=0 res=0
        << reset
      `);
    },
  );

  test('refuses: requests that have come get their 502, whole or not', () => {
    playInline(`
      >> client {get /a}
      << upstream {get /a}
      >> connect refused
      << client answer 502 close
      << observe GET /a 502 allow local cut=connect-refused
      << close
    `);
    for (const [first, rest] of [
      [r`G`, r`ET /a HTTP/1.1\r\nHost: x\r\n\r\n`],
      [r`GET /a HTTP/1.1\r\nHost: x\r\n`, r`\r\n`],
    ])
      playInline(`
        >> client ${first}
        >> connect refused
        >> client ${rest}
        << client answer 502 close
        << observe GET /a 502 allow local cut=connect-refused
        << close
      `);
  });

  test('refuses after an answer of ours: the connection goes on as one that has spoken', () => {
    playInline(`
      >> client {get /admin}
      << client answer 403
      << observe GET /admin 403 block local
      >> connect refused
      >> client {get /a}
      << client answer 502 close
      << observe GET /a 502 allow local cut=connect-refused
      << close
    `);
  });
});

test('a caller of a listener that has said nothing waits for its 502', () => {
  play(`
    >> start
    << connect
    >> connect refused
    >> client {get /a}
    << client answer 502 close
    << observe GET /a 502 allow local cut=connect-refused
    << close
  `);
});

test('upstream cannot be reached: 502, or 504 when it took too long', () => {
  play(r`
    >> client {get /a}{get /b}
    << upstream {get /a}{get /b}
    >> connect refused
    << client answer 502 close
    << observe GET /a 502 allow local cut=connect-refused
    << observe GET /b 0 allow cut=connect-refused
    << close
  `);
  play(r`
    >> connect timeout
    >> client {get /admin}
    << client answer 403
    << observe GET /admin 403 block local
    >> client {get /a}
    << client answer 504 close
    << observe GET /a 504 allow local cut=connect-timeout
    << close
  `);
});

test('upstream is lost before it answered: 502; during the answer: nothing can be added', () => {
  play(r`
    >> client {get /a}
    << upstream {get /a}
    >> abort upstream reset
    << client answer 502 close
    << observe GET /a 502 allow local cut=upstream-reset
    << close
  `);
  play(r`
    >> client {get /a}
    << upstream {get /a}
    >> upstream HTTP/1.1 200 OK\r\n
    << client HTTP/1.1 200 OK\r\n
    >> abort upstream reset
    << observe GET /a 0 allow cut=upstream-reset
  `);
});

test('the client is lost: every request is observed once, held ones included', () => {
  play(r`
    >> client {get /a}{get /admin}{get /b}
    << upstream {get /a}
    << hold client
    >> abort client reset
    << observe GET /a 0 allow cut=client-reset
    << observe GET /admin 0 block cut=client-reset
    >> upstream {200}
    >> end upstream
    >> rejudge
    >> idle?
    << idle
  `);
});

test('a new snapshot decides from the next request on', () => {
  const stage = play(r`
    >> client {get /shop}
    << upstream {get /shop}
    >> policy l7 deny=/shop
    >> rejudge
    >> upstream {200}
    << client {200}
    << observe GET /shop 200 allow
    >> client {get /shop}
    << client answer 403
    << observe GET /shop 403 block local
  `);
  expect(stage.exchanges.map(({ generation }) => generation)).toEqual([1, 2]);
});

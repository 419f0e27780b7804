// Playbooks of opaque connections that live on: told of when they are established, in full when they end.
import { expect, test } from 'vitest';
import { play } from './playbook.ts';

const r = String.raw;

test('an agreed upgrade is raw in both directions: told when it begins and, as the one exchange that was judged, at its end', () => {
  const stage = play(r`
    >> client GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x01a
    << hold client
    << upstream GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n
    >> upstream HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x01b
    << client HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x01b
    << resume client
    << upstream \x81\x01a
    << observe GET /chat 101 allow opening opaque=upgrade
    >> client {get /admin}
    << upstream {get /admin}
    >> rejudge
    >> end upstream
    << shutdown client
    >> end client
    << observe GET /chat 101 allow opaque=upgrade req=107 res=39
    << close
  `);
  expect(stage.exchanges.map(({ sequence, opening }) => [sequence, opening])).toEqual([
    [0, true],
    [0, false],
  ]);
});

test('an opaque connection is told of once while it goes on, and not at all when it ends before bytes passed both ways', () => {
  const stage = play(r`
    >> policy none
    >> client \x16\x03\x01
    << upstream \x16\x03\x01
    >> wait 10
    >> upstream \x16\x03
    << client \x16\x03
    << observe - - 0 allow opening opaque=tls
    >> client \x17
    << upstream \x17
    >> upstream \x03\x00
    << client \x03\x00
    >> wait 7200000
    >> abort client stopped
    << observe - - 0 allow cut=drain opaque=tls req=4 res=4
  `);
  expect(stage.exchanges).toMatchObject([
    { opening: true, requestBytes: 3, responseBytes: 2, endedAt: 0, startedAt: 1000 },
    { opening: false, endedAt: 7_201_010, startedAt: 1000 },
  ]);
  play(r`
    >> policy none
    >> client \x16\x03\x01
    << upstream \x16\x03\x01
    >> end upstream
    << shutdown client
    >> end client
    << observe - - 0 allow opaque=tls req=3 res=0
    << close
  `);
});

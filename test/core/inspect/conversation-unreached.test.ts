// A caller that policy refuses whatever it sends never costs upstream a connection.
import { test } from 'vitest';
import { play } from './playbook.ts';

test('a refused caller gets its answers without an upstream, and its end is the end', () => {
  play(`
    >> policy all=block
    >> start
    >> client {get /a}
    << client answer 403
    << observe GET /a 403 block local
    >> client {get /b}
    << client answer 403
    << observe GET /b 403 block local
    >> end client
    << shutdown upstream
    << close
  `);
});

test('a refused caller that never says a word is let go with its FIN', () => {
  play(`
    >> policy all=block
    >> start
    >> end client
    << shutdown upstream
    << close
  `);
});

test('a refused stream that is not HTTP is reset without an upstream', () => {
  play(`
    >> policy all=block
    >> start
    >> client \\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07
    << observe - - 0 block cut=policy-cut opaque=unknown req=0 res=0
    << reset
  `);
});

test('upstream is connected once, when the refusal is lifted', () => {
  play(`
    >> policy all=block
    >> start
    >> client {get /a}
    << client answer 403
    << observe GET /a 403 block local
    >> policy all=allow
    >> rejudge
    << connect
    >> client {get /b}
    << upstream {get /b}
    >> upstream {200 ok}
    << client {200 ok}
    << observe GET /b 200 allow
    >> connect refused
    >> rejudge
  `);
});

test('a refusal that has run out since counts at the next byte, not only at a new snapshot', () => {
  play(`
    >> policy all=block
    >> start
    >> policy all=allow
    >> client {get /a}
    << connect
    << upstream {get /a}
  `);
});

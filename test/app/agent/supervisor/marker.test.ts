// What a process believes about being supervised.
import { closeSync, openSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { markerName, markerOf, readMarker } from '../../../../src/app/agent/supervisor/marker.ts';
import { listening } from '../../../helpers/listening.ts';

let server: Server;
let socket: Socket;
let fd = -1;

beforeAll(async () => {
  server = createServer((accepted) => accepted.resume());
  const port = await listening(server);
  socket = connect(port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  const { _handle: handle } = socket as unknown as { readonly _handle: { readonly fd: number } };
  fd = handle.fd;
});
afterAll(() => {
  socket.destroy();
  server.close();
});

test('what a supervisor writes is read back', () => {
  const supervised = { lifelineFd: fd, signOfLifeFd: fd, restarts: { hung: 2, died: 31 } };
  expect(readMarker({ [markerName]: markerOf(supervised) })).toEqual(supervised);
});

test('a variable that is left over, foreign or names what is no socket is no supervisor', () => {
  const file = openSync('/dev/null', 'r');
  for (const value of [
    undefined,
    '',
    '3',
    `${fd}`,
    `${fd},${fd}`,
    `${fd},${file},0,0`,
    `${fd},9999,0,0`,
    'yes',
  ])
    expect(readMarker(value === undefined ? {} : { [markerName]: value })).toBeUndefined();
  closeSync(file);
});

// The upstream of every measurement: answers each request with the same 200 at the least cost, so that the proxy dominates.
// `upstream-main [HOST]` prints its port.
import { createServer } from 'node:net';

const body = JSON.stringify({ id: 10427, status: 'paid', items: ['x'.repeat(140)] });
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
);
const headEnd = Buffer.from('\r\n\r\n');

const server = createServer({ noDelay: true }, (socket) => {
  // Requests come whole: the load sends one at a time per connection. Count ends all the same.
  socket.on('data', (chunk) => {
    for (let at = chunk.indexOf(headEnd); at >= 0; at = chunk.indexOf(headEnd, at + 4)) socket.write(answer);
  });
  socket.on('error', () => socket.destroy());
});
server.listen(0, process.argv[2] ?? '127.0.0.1', 4096, () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) process.stdout.write(`port ${address.port}\n`);
});

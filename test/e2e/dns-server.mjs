// A resolver in a pod of the lab: answers every question for an A record by the address given. `dns-server ADDRESS TTL`.
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';

const [address, ttl] = process.argv.slice(2);
const socket = createSocket('udp4');
socket.on('message', (question, from) => {
  const answer = Buffer.alloc(16);
  // The name of the question (at 12), type A, class IN, four bytes.
  answer.writeUInt16BE(0xc00c, 0);
  answer.writeUInt16BE(1, 2);
  answer.writeUInt16BE(1, 4);
  answer.writeUInt32BE(Number(ttl), 6);
  answer.writeUInt16BE(4, 10);
  answer.set(address.split('.').map(Number), 12);
  // The header and the question alone: what comes behind them (EDNS) is not repeated.
  const end = question.indexOf(0, 12) + 5;
  const reply = Buffer.concat([question.subarray(0, end), answer]);
  reply.writeUInt16BE(0x8180, 2);
  reply.writeUInt16BE(1, 6);
  reply.writeUInt16BE(0, 8);
  reply.writeUInt16BE(0, 10);
  socket.send(reply, from.port, from.address);
});
const bound = new Promise((resolve) => socket.bind(53, resolve));

for await (const line of createInterface({ input: process.stdin })) {
  const { id } = JSON.parse(line);
  await bound;
  process.stdout.write(`${JSON.stringify({ id, answer: true })}\n`);
}
process.exit(0);

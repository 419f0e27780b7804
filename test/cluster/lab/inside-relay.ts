// A port that the lab's API server can reach, for a server of the test's own process: a relay in the network of the lab pipes each connection
// into a unix socket, which no network namespace hides. Without a namespace the relay listens on an address of the machine, since endpoints
// may not be loopback.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { createInterface } from 'node:readline';
import { childrenOf } from '../../helpers/processes.ts';
import { pidOfInner } from './lab-pids.ts';
import { tellLab, type LabFacts } from './lab-process.ts';

/** Where the API server finds it. */
export interface InsideRelay extends AsyncDisposable {
  readonly ip: string;
  readonly port: number;
}

const program = `
const net = require('node:net');
const [host, path] = process.argv.slice(1);
net.createServer((outer) => {
  const inner = net.connect(path);
  outer.pipe(inner).pipe(outer);
  for (const [one, other] of [[outer, inner], [inner, outer]]) one.on('error', () => other.destroy()).on('close', () => other.destroy());
}).listen(0, host, function () { console.log(this.address().port); });
process.stdin.on('end', () => process.exit()).resume();
`;

/** The address that the API server itself listens on inside of a lab. */
const insideAddress = '10.99.0.1';

function machineAddress(): string {
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  if (found === undefined)
    throw new Error('This machine has no address but loopback, which endpoints may not have.');
  return found.address;
}

async function isolatedPid(facts: LabFacts): Promise<number | undefined> {
  const inner = (await tellLab(facts.control, 'pid', 'kube-apiserver')) ?? 0;
  const isIsolated = !childrenOf(facts.keeper).includes(inner);
  return isIsolated ? pidOfInner(facts.keeper, inner) : undefined;
}

/** Starts it; it ends with this process. @param path of the unix socket, which may be made later. */
export async function startInsideRelay(facts: LabFacts, path: string): Promise<InsideRelay> {
  const pid = await isolatedPid(facts);
  const ip = pid === undefined ? machineAddress() : insideAddress;
  const command = [process.execPath, '-e', program, ip, path];
  const enter = pid === undefined ? [] : ['nsenter', `--target=${pid}`, '--net', '--'];
  const [first = '', ...rest] = [...enter, ...command];
  const child = spawn(first, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as readonly unknown[];
  return {
    ...{ ip, port: Number(line) },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}

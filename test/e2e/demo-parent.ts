// A parent of the demo shop as a process of its own, for the tests that kill it: starts the shop with its traffic, prints
// the pids as one JSON line, then does what its argument says.
import { startServices } from '../../src/app/demo/shop.ts';
import { edges } from '../../src/app/demo/topology.ts';

const shop = await startServices({ seed: 1, onExit: () => undefined });
await shop.startTraffic(
  edges.map(({ callee }) => shop.upstreams[callee].port),
  { rate: 60, attacker: true },
);
process.stdout.write(`${JSON.stringify(shop.processes())}\n`);
switch (process.argv[2]) {
  case 'crash':
    setImmediate(() => {
      throw new Error('a crash on purpose');
    });
    break;
  case 'stop':
    await shop.stop();
    process.stdout.write('stopped\n');
    break;
  default:
    setInterval(() => undefined, 1000);
}

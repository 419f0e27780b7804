// Our agent as a user runs it: parsing, policies from a folder, events with masking, detections, window and feed.
// `ours-main UPSTREAM POLICIES_DIR SOCKET` prints its port.
import { peerFromName } from '../../src/core/model/identity.ts';
import { startAgent } from '../../src/app/agent/agent.ts';
import { yieldProcessor } from '../../src/app/agent/yield-processor.ts';

const [upstream = '', policiesDirectory = '', socket = ''] = process.argv.slice(2);
const agent = await startAgent({
  name: 'bench',
  listeners: [
    {
      listen: { host: '127.0.0.1', port: 0 },
      upstream: { host: '127.0.0.1', port: Number(upstream) },
      source: peerFromName('web', 'shop'),
      destination: peerFromName('api', 'shop'),
    },
  ],
  policiesDirectory,
  feed: { type: 'unix', path: socket },
  onFault: (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
});
yieldProcessor();
process.on('SIGTERM', () => {
  void agent.stop(100).then(() => process.exit(0));
});
process.stdout.write(`port ${agent.ports[0] ?? 0}\n`);

// Where every process of the demo begins: `entry ROLE`, forked by child.ts and told the rest over the IPC channel.
import { assertNever } from '../../core/model/assert-never.ts';
import { endWithParent, leave } from './lifeline.ts';
import { isToChild, type FromChild, type ToChild } from './messages.ts';
import { serviceNames, type CallerName, type Role } from './topology.ts';
import type { TrafficStart } from './traffic/traffic-start.ts';

/** Loaded only in the process that runs it: eleven processes start at once on a small machine. */
const callers: Readonly<Record<CallerName, () => Promise<(start: TrafficStart) => void>>> = {
  web: async () => (await import('./traffic/web.ts')).runWeb,
  nightly: async () => (await import('./traffic/nightly.ts')).runNightly,
  scanner: async () => (await import('./traffic/scanner.ts')).runScanner,
};

type Configure = Extract<ToChild, { type: 'configure' }>;
type Wire = Extract<ToChild, { type: 'wire' }>;

const say = (message: FromChild): void => {
  process.send?.(message);
};

/** Configures this process as its role and returns what to do when the callees are known. */
async function begin(role: Role, { seed, secret, port }: Configure): Promise<(wire: Wire) => void> {
  const service = serviceNames.find((name) => name === role);
  if (service !== undefined) {
    const { runService } = await import('./run-service.ts');
    const running = await runService(service, { seed, secret, port: port ?? 0 });
    say({ type: 'ready', port: running.port });
    return ({ urls }) => running.wire(urls);
  }
  const run = await callers[role as CallerName]();
  say({ type: 'ready' });
  return ({ urls, rate }) => run({ urls, rate, seed, secret });
}

function main(role: Role): void {
  let wired: Promise<(wire: Wire) => void> | undefined;
  process.on('message', (message: unknown) => {
    if (!isToChild(message)) return;
    switch (message.type) {
      case 'configure':
        wired = begin(role, message);
        break;
      case 'wire':
        void wired?.then((start) => {
          start(message);
          say({ type: 'wired' });
        });
        break;
      case 'stop':
        leave();
        break;
      default:
        assertNever(message);
    }
  });
}

endWithParent();
main(process.argv[2] as Role);

// The demo shop as its owner sees it: start the services, put listeners in front of them, start the traffic, stop it all.
// Two steps, because the listeners need the services' ports and the services need the listeners' ports:
//   const shop = await startServices({ seed, onExit });
//   const plane = await startDataPlane({ listeners: shop.listeners, … });
//   await shop.startTraffic(plane.ports, { rate, attacker });   …   await shop.stop();
import { randomBytes } from 'node:crypto';
import type { ListenerConfig } from '../../core/model/identity.ts';
import { startChild, type Child, type ChildExit } from './child.ts';
import {
  demoListeners,
  roles,
  serviceNames,
  urlsOf,
  type Address,
  type Role,
  type ServiceName,
} from './topology.ts';

/** Requests per second over all edges when nothing is said: one core stays comfortable. */
export const defaultRate = 120;
export const maxRate = 2000;
/** How long a process may take to finish before it is killed. */
const stopDeadlineMs = 1500;
/** The nightly job's part of the rate; the scanner comes on top, at its own pace. */
const nightlyShare = 0.12;

export interface ServicesOptions {
  /** Draws people, products, sessions and attacks. */
  readonly seed: number;
  /** A process ended that nobody stopped. The others go on. */
  readonly onExit: (exit: ChildExit) => void;
}

export interface TrafficOptions {
  /** Requests per second over all edges, 1 to `maxRate`; the attacker comes on top. */
  readonly rate: number;
  readonly attacker: boolean;
}

export interface Shop {
  /** Where each service really listens, loopback. */
  readonly upstreams: Readonly<Record<ServiceName, Address>>;
  /** One listener per edge, port 0; give them to the data plane in this order. */
  readonly listeners: readonly ListenerConfig[];
  /** The processes that run now, for tests and for `ps`. The scanner comes with the traffic, if it comes at all. */
  processes(): readonly { readonly role: Role; readonly pid: number }[];
  /**
   * Tells services and callers the listeners' ports and lets the callers go. Call once.
   * @param ports in the order of `listeners`, as `DataPlane.ports`.
   */
  startTraffic(ports: readonly number[], options: TrafficOptions): Promise<void>;
  /** Ends every process; resolves when all are gone. */
  stop(): Promise<void>;
}

/** Starts all processes of the demo; resolves when every service listens. Rejects with AppError, nothing left running. */
export async function startServices({ seed, onExit }: ServicesOptions): Promise<Shop> {
  const secret = randomBytes(32).toString('hex');
  const children: Child[] = [];
  const start = async (role: Role): Promise<readonly [Role, number | undefined]> => {
    const child = startChild(role, onExit);
    children.push(child);
    const ready = child.expect('ready');
    child.tell({ type: 'configure', seed, secret });
    return [role, (await ready).port];
  };
  const stop = async (): Promise<void> => {
    await Promise.all(children.map((child) => child.stop(stopDeadlineMs)));
  };
  try {
    const firstRoles = roles.filter((role) => role !== 'scanner');
    const upstreams = addresses(new Map(await Promise.all(firstRoles.map(start))));
    return {
      upstreams,
      listeners: demoListeners(upstreams),
      processes: () => children.map(({ role, pid }) => ({ role, pid })),
      startTraffic: async (ports, { rate, attacker }) => {
        if (attacker) await start('scanner');
        await wire(children, ports, rate);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Services first, so that the first user finds a shop that can reach its own parts. */
async function wire(children: readonly Child[], ports: readonly number[], rate: number): Promise<void> {
  const isService = ({ role }: Child): boolean => serviceNames.some((name) => name === role);
  for (const group of [children.filter(isService), children.filter((child) => !isService(child))]) {
    const wired = group.map((child) => child.expect('wired'));
    for (const child of group) {
      child.tell({ type: 'wire', urls: urlsOf(child.role, ports), rate: shareOf(child.role, rate) });
    }
    await Promise.all(wired);
  }
}

function shareOf(role: Role, rate: number): number {
  const bounded = Math.min(maxRate, Math.max(1, rate));
  if (role === 'web') return bounded * (1 - nightlyShare);
  return role === 'nightly' ? bounded * nightlyShare : 0;
}

function addresses(ports: ReadonlyMap<Role, number | undefined>): Readonly<Record<ServiceName, Address>> {
  const of = (service: ServiceName): Address => {
    const port = ports.get(service);
    if (port === undefined) throw new Error(`${service} did not say where it listens`);
    return { host: '127.0.0.1', port };
  };
  return {
    storefront: of('storefront'),
    catalog: of('catalog'),
    cart: of('cart'),
    orders: of('orders'),
    payments: of('payments'),
    users: of('users'),
    'legacy-v1': of('legacy-v1'),
    notifications: of('notifications'),
  };
}

// The demo shop as its owner sees it: start the services, put listeners in front of them, start the traffic, stop it all.
// Two steps, because the listeners need the services' ports and the services need the listeners' ports:
//   const shop = await startServices({ seed, onExit });
//   const plane = await startDataPlane({ listeners: shop.listeners, … });
//   await shop.startTraffic(plane.ports, { rate, attacker });   …   await shop.stop();
import { randomBytes } from 'node:crypto';
import type { ListenerConfig } from '../../core/model/identity.ts';
import { AppError } from '../../core/model/app-error.ts';
import { startChild, type Child, type ChildExit } from './child.ts';
import { rateOf } from './rates.ts';
import { createRestarts, type Restarts } from './restarts.ts';
import {
  demoListeners,
  roles,
  serviceNames,
  urlsOf,
  type Address,
  type Role,
  type ServiceName,
} from './topology.ts';

/** How long a process may take to finish before it is killed. */
const stopDeadlineMs = 1500;

/** What the shop’s processes are started with. */
export interface ServicesOptions {
  /** Draws people, products, sessions and attacks. */
  readonly seed: number;
  /**
   * A process ended that nobody stopped. The others go on; it is started again `againInMs` later, where it listened before and
   * with the stock and the people it began with. Undefined when it has ended too often.
   */
  readonly onExit: (exit: ChildExit, againInMs: number | undefined) => void;
  /** One that was started again does its work. */
  readonly onBack?: (role: Role) => void;
}

/** How much is going on in the shop. */
export interface TrafficOptions {
  /** Requests per second over all edges, 1 to `maxRate`; the attacker comes on top. */
  readonly rate: number;
  readonly attacker: boolean;
}

/** A running shop. */
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

/** What all processes of one shop share, and which of them run. */
interface Crew {
  readonly options: ServicesOptions;
  readonly secret: string;
  readonly restarts: Restarts;
  readonly children: Map<Role, Child>;
  /** Where each service listens, once it does. */
  readonly ports: Map<Role, number>;
  readonly waiting: Set<NodeJS.Timeout>;
  /** Known once the traffic has been started. */
  wiring: Wiring | undefined;
  stopped: boolean;
}

interface Wiring {
  readonly listenerPorts: readonly number[];
  readonly rate: number;
}

/** Starts all processes of the demo; resolves when every service listens. Rejects with AppError, nothing left running. */
export async function startServices(options: ServicesOptions): Promise<Shop> {
  const crew: Crew = {
    options,
    secret: randomBytes(32).toString('hex'),
    restarts: createRestarts(),
    children: new Map(),
    ports: new Map(),
    waiting: new Set(),
    wiring: undefined,
    stopped: false,
  };
  try {
    await Promise.all(roles.filter((role) => role !== 'scanner').map((role) => start(crew, role)));
    const upstreams = addresses(crew.ports);
    return {
      upstreams,
      listeners: demoListeners(upstreams),
      processes: () => [...crew.children.values()].map(({ role, pid }) => ({ role, pid })),
      startTraffic: async (listenerPorts, { rate, attacker }) => {
        if (attacker) await start(crew, 'scanner');
        crew.wiring = { listenerPorts, rate };
        await wireAll(crew.children, crew.wiring);
      },
      stop: () => stop(crew),
    };
  } catch (error) {
    await stop(crew);
    throw error;
  }
}

/** Starts the process of a role, where it listened before if it did; resolves when it is ready. */
async function start(crew: Crew, role: Role): Promise<Child> {
  const { seed } = crew.options;
  const known = crew.ports.get(role);
  const child = startChild(role, (exit) => again(crew, exit));
  crew.children.set(role, child);
  const ready = child.expect('ready');
  child.tell({
    type: 'configure',
    seed,
    secret: crew.secret,
    ...(known === undefined ? {} : { port: known }),
  });
  const { port } = await ready;
  if (port !== undefined) crew.ports.set(role, port);
  return child;
}

async function stop(crew: Crew): Promise<void> {
  crew.stopped = true;
  crew.waiting.forEach((timer) => clearTimeout(timer));
  await Promise.all([...crew.children.values()].map((child) => child.stop(stopDeadlineMs)));
}

/** A process ended by itself: says so and, before it has ended too often, starts it again a while later. */
function again(crew: Crew, exit: ChildExit): void {
  const delayMs =
    crew.wiring === undefined || crew.stopped ? undefined : crew.restarts.next(exit.role, Date.now());
  crew.options.onExit(exit, delayMs);
  if (delayMs === undefined) return;
  const timer = setTimeout(() => {
    crew.waiting.delete(timer);
    void revive(crew, exit.role);
  }, delayMs);
  crew.waiting.add(timer);
}

/** One that ends on the way is reported by its own exit, and tried again from there. */
async function revive(crew: Crew, role: Role): Promise<void> {
  try {
    const child = await start(crew, role);
    if (crew.wiring === undefined || crew.stopped) return;
    await wire(child, crew.wiring);
    crew.options.onBack?.(role);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}

/** Services first, so that the first user finds a shop that can reach its own parts. */
async function wireAll(children: ReadonlyMap<Role, Child>, wiring: Wiring): Promise<void> {
  const isService = ({ role }: Child): boolean => serviceNames.some((name) => name === role);
  const all = [...children.values()];
  await Promise.all(all.filter(isService).map((child) => wire(child, wiring)));
  await Promise.all(all.filter((child) => !isService(child)).map((child) => wire(child, wiring)));
}

async function wire(child: Child, { listenerPorts, rate }: Wiring): Promise<void> {
  const wired = child.expect('wired');
  child.tell({ type: 'wire', urls: urlsOf(child.role, listenerPorts), rate: rateOf(child.role, rate) });
  await wired;
}

function addresses(ports: ReadonlyMap<Role, number>): Readonly<Record<ServiceName, Address>> {
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

// The scopes that connections of one snapshot have asked for, by number. Those of explicit listeners are kept; those of looked-up pairs
// are kept up to a bound, because strangers' addresses are as many as an attacker likes.
import type { ListenerConfig, Peer } from '../model/identity.ts';
import type { JudgedPair } from './decider.ts';
import type { Evaluator } from './evaluator.ts';
import { addressOf, parseAddress, type AddressWords } from './ip-address.ts';
import { createRegions, type RegionOf } from './regions.ts';
import type { Scope, ScopeIdentity } from './scope.ts';

/**
 * Scopes of pairs held at once: about 30 MB, several times the connections one worker can have open. Beyond it the cache begins anew,
 * at the price of making the scopes in use again.
 */
export const mostPairScopes = 65_536;

/** Scopes by number; a number is valid until `renew` answers another cache. */
export interface ScopeCache {
  ofListener(listener: number, client: AddressWords | undefined): number;
  ofPair(pair: JudgedPair): number;
  /** Throws our own bug for a number of another cache. */
  at(index: number): Scope;
  readonly full: boolean;
  /** This cache, or an empty one when this is full. */
  renew(): ScopeCache;
}

const nobody: Peer = {
  workload: { kind: '', name: '', namespace: '' },
  principal: 'unknown',
  assurance: 'ip',
};

function ofConfig(config: ListenerConfig | undefined, client: AddressWords | undefined): ScopeIdentity {
  return {
    source: config?.source ?? nobody,
    destination: config?.destination ?? nobody,
    destinationPort: config?.upstream.port ?? 0,
    sourceAddress: client,
    destinationAddress: config === undefined ? undefined : parseAddress(config.upstream.host),
  };
}

class Scopes implements ScopeCache {
  readonly #evaluator: Evaluator;
  readonly #listeners: readonly ListenerConfig[];
  readonly #most: number;
  readonly #regionOf: RegionOf;
  readonly #scopes: Scope[] = [];
  readonly #known = new Map<string, number>();
  /** Peers by their object: short names for the keys. */
  readonly #peers = new Map<Peer, number>();

  constructor(evaluator: Evaluator, listeners: readonly ListenerConfig[], most: number) {
    this.#evaluator = evaluator;
    this.#listeners = listeners;
    this.#most = most;
    this.#regionOf = createRegions(evaluator.tables, evaluator.scopeWork);
  }

  ofListener(listener: number, client: AddressWords | undefined): number {
    const key = `${listener} ${this.#region(client)}`;
    return this.#known.get(key) ?? this.#make(key, ofConfig(this.#listeners[listener], client));
  }

  ofPair({ source, destination, destinationPort, clientAddress, destinationAddress }: JudgedPair): number {
    const from = addressOf(clientAddress);
    const to = addressOf(destinationAddress);
    const ends = `${this.#number(source)}>${this.#number(destination)}:${destinationPort}`;
    const key = `${ends} ${this.#region(from)} ${this.#region(to)}`;
    const made = this.#known.get(key);
    if (made !== undefined) return made;
    return this.#make(key, {
      source,
      destination,
      destinationPort,
      sourceAddress: from,
      destinationAddress: to,
    });
  }

  at(index: number): Scope {
    const made = this.#scopes[index];
    if (made === undefined) throw new Error(`scope ${index} is of another snapshot: ask for it again`);
    return made;
  }

  get full(): boolean {
    return this.#scopes.length >= this.#most;
  }

  renew(): ScopeCache {
    if (!this.full) return this;
    return new Scopes(this.#evaluator, this.#listeners, this.#most);
  }

  #make(key: string, identity: ScopeIdentity): number {
    const index = this.#scopes.push(this.#evaluator.scope(identity)) - 1;
    this.#known.set(key, index);
    return index;
  }

  #number(peer: Peer): number {
    const known = this.#peers.get(peer);
    if (known !== undefined) return known;
    this.#peers.set(peer, this.#peers.size);
    return this.#peers.size - 1;
  }

  #region(address: AddressWords | undefined): string {
    return address === undefined ? '?' : this.#regionOf(address);
  }
}

/** An empty cache over one snapshot. `most`: scopes after which it asks to be renewed. */
export const createScopeCache = (
  evaluator: Evaluator,
  listeners: readonly ListenerConfig[],
  most = mostPairScopes,
): ScopeCache => new Scopes(evaluator, listeners, most);

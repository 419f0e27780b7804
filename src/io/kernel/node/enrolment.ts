// A pod's namespace with us in it: rules, and where inline needs them routes and settings. Put in place step by step so that a crash at
// any point leaves a mark that tells the next start what to take back; nothing stays after `release`. Knows no policy: the ruleset is text.
import type { InlineMode } from '../../../core/model/abilities.ts';
import {
  heartbeatSet,
  isWaitingChain,
  offeredGeneration,
  type TableOwner,
} from '../../../core/plan/node-constants.ts';
import type { NamedCounter } from '../../../core/plan/read-counters.ts';
import { tableName } from '../../../core/plan/ruleset.ts';
import { requireThePods } from './find-netns.ts';
import { removeAll, takeBack } from './leftovers.ts';
import { findMeshIn, meshError } from './mesh-in.ts';
import { closeNetns, type Netns } from './netns.ts';
import type { NodeKernel } from './node-kernel.ts';
import type { NamespaceRules } from './nftables.ts';
import { mustSucceed } from './netlink.ts';
import { openOwnRules } from './own-rules.ts';
import { putCounter } from './told-note.ts';
import { errno } from '../linux.ts';
import { addMarkRouting, markRouting, type MarkRouting } from './rtnetlink.ts';
import type { TableMark } from './rule-listing.ts';
import { noteEarlier, unchangedValues, type EarlierValues } from './sysctl.ts';
import {
  changeMark,
  changeRules,
  claimError,
  claimTable,
  countersIn,
  readClaim,
  replaceTable,
  type Claim,
  type OwnRules,
} from './table-claim.ts';

/** What is to be in force. */
export interface WantedRules {
  /** nft text that makes the table `nftTable`; no deletion of an earlier one is needed in it. */
  readonly ruleset: string;
  /** How inline connections are handed on; `none` when none is left. Going to `none` while some are open cuts them off: drain first. */
  readonly mode: InlineMode | 'none';
}

/** From the rules that are in force to the next. */
export interface RulesChange {
  /** nft statements on our table that leave the table and the owner's chain alone; '' for none. */
  readonly text: string;
  readonly mode: InlineMode | 'none';
}

/** What came of it. */
export interface AppliedRules {
  /** Families that inline connections can be handed on in; both false in mode `none`. */
  readonly routing: MarkRouting;
}

/** An enrolled namespace. */
export interface Enrolment {
  readonly netns: Netns;
  /**
   * Puts `wanted` in force instead of what is, in one transaction. Counters of which each count is told once go on in it, those of an earlier
   * life too; all others begin at 0. @throws AppError; then the rules before are in force still.
   */
  apply(wanted: WantedRules): AppliedRules;
  /**
   * Changes the rules that `apply` put there, in one transaction, and with them nothing else: counters and elements that the text does
   * not touch stay. @throws AppError as `apply`; ENROLMENT_FLUSHED when somebody removed the rules meanwhile: `apply` the whole then.
   */
  change(change: RulesChange): AppliedRules;
  /** The listing of our table, with counters. */
  listing(): unknown;
  /**
   * Its named counters: as many as policies and inline ports; none when there is no such table (any more). Those of which each count is told
   * once begin anew with each asking. @throws AppError
   */
  counters(): readonly NamedCounter[];
  /** The same, and none begins anew. @throws AppError */
  peek(): readonly NamedCounter[];
  /** Packets of one counter, which begins anew with this, whoever has the table; undefined where there is none. @throws AppError */
  take(counter: string): number | undefined;
  /** Puts a number into a counter of ours that no rule counts into; where there is none, nothing. @throws AppError when it cannot. */
  note(counter: string, packets: number): void;
  /**
   * Whose the table is now: anybody may flush it, and a newer agent takes it over. `free` too when an earlier start took it after a flush. A newer
   * one that has claimed it, and not yet put its rules in place of ours, has not taken it: who leaves now would leave a gap.
   */
  standing(): Claim['type'];
  /** Where an earlier start waits for it (waiting.ts): offers the table, and the rules stand meanwhile. Whether it did. @throws AppError */
  offer(): boolean;
  /** Somebody has taken what was offered, and its rules stand. @throws AppError */
  isTaken(): boolean;
  /** Nobody has: it is ours again. @throws AppError when somebody was faster. */
  reclaim(): void;
  /**
   * Puts routes and settings back that inline needs and somebody took away; rules are `standing`'s. True when something was missing.
   * @throws AppError when it cannot be put back.
   */
  mend(): boolean;
  /** Takes everything away that this generation put there, and lets the namespace go. What a newer one set stays. */
  release(): 'released' | 'left to a newer agent';
  /** Lets go of a namespace whose pod is gone: it takes its rules along. */
  drop(): void;
}

/** What `enrol` found. */
interface StartingPoint {
  readonly rules: OwnRules;
  readonly self: TableOwner;
  readonly mark: TableMark | undefined;
}

const noRouting: MarkRouting = { ipv4: false, ipv6: false };
const listTable = `list table ${tableName}`;

class EnrolledNamespace implements Enrolment {
  readonly netns: Netns;
  readonly #kernel: NodeKernel;
  readonly #rules: OwnRules;
  readonly #self: TableOwner;
  /** What stands in the table now; undefined before the first rules. */
  #mark: TableMark | undefined;
  #mode: InlineMode | 'none' = 'none';
  /** Routes and settings of an earlier life may be in place. */
  #inherited: boolean;
  #routing = noRouting;

  constructor(kernel: NodeKernel, netns: Netns, start: StartingPoint) {
    this.netns = netns;
    this.#kernel = kernel;
    this.#self = start.self;
    this.#mark = start.mark;
    this.#inherited = start.mark !== undefined;
    this.#rules = start.rules;
  }

  apply({ ruleset, mode }: WantedRules): AppliedRules {
    this.#inMode(mode, () => this.#replace(ruleset, this.#mark?.earlier ?? unchangedValues));
    return { routing: this.#routing };
  }

  change({ text, mode }: RulesChange): AppliedRules {
    this.#inMode(mode, () => {
      if (this.#mark === undefined) throw new Error('a change before the first rules');
      if (text !== '')
        changeRules(this.#rules, { held: this.#mark.owner, self: this.#self, text, path: this.netns.path });
    });
    return { routing: this.#routing };
  }

  listing(): unknown {
    return this.#rules.list(listTable);
  }

  counters(): readonly NamedCounter[] {
    return countersIn(this.#rules);
  }

  peek(): readonly NamedCounter[] {
    return this.#rules.reader.counters();
  }

  take(counter: string): number | undefined {
    return this.#rules.reader.take([counter])[0]?.packets;
  }

  note(counter: string, packets: number): void {
    const error = putCounter(this.#kernel.netlink, this.netns, { counter, packets });
    if (error !== errno.notFound) mustSucceed('note what was told', error);
  }

  standing(): Claim['type'] {
    const claim = readClaim(this.#rules, this.#self);
    if (claim.type === 'newer') return this.#oursStand() ? 'ours' : 'newer';
    return claim.type === 'ours' && this.#wasTaken(claim.mark) ? 'free' : claim.type;
  }

  /** Only our own rules have a set of our generation. */
  #oursStand(): boolean {
    const own = heartbeatSet(this.#self.generation);
    return this.#rules.reader.sets().some(({ name }) => name === own);
  }

  offer(): boolean {
    const mark = this.#mark;
    const { owner } = this.#self;
    if (mark === undefined || !this.#rules.reader.chains().some(({ name }) => isWaitingChain(name, owner)))
      return false;
    const to = { ...mark, owner: { owner, generation: offeredGeneration } };
    changeMark(this.#rules, { from: mark, to, path: this.netns.path });
    this.#mark = to;
    return true;
  }

  isTaken(): boolean {
    const claim = readClaim(this.#rules, this.#self);
    const isOffered = claim.type === 'ours' && claim.mark.owner.generation === offeredGeneration;
    return claim.type !== 'free' && !isOffered && !this.#oursStand();
  }

  reclaim(): void {
    const from = this.#mark;
    if (from === undefined) return;
    const { path } = this.netns;
    const own = { ...from, owner: this.#self };
    this.#mark = claimTable(this.#rules, { from, self: this.#self, path }) ?? own;
  }

  /** Somebody removed our rules, and an earlier start was faster than we to see it. */
  #wasTaken({ owner }: TableMark): boolean {
    const had = this.#mark?.owner.generation;
    return had === this.#self.generation && owner.generation !== had;
  }

  /** The mark that our next rules come in place of. */
  #found(): TableMark | undefined {
    const claim = readClaim(this.#rules, this.#self);
    return claim.type === 'ours' && this.#wasTaken(claim.mark) ? claim.mark : this.#mark;
  }

  mend(): boolean {
    const { sysctls, netlink } = this.#kernel;
    if (this.#mode === 'none') return false;
    const { ipv4, ipv6 } = markRouting(netlink, this.netns);
    const isUnset = this.#mode === 'fwmark' && sysctls.read(this.netns).includes('0');
    const isWanting = isUnset || ipv4 !== this.#routing.ipv4 || ipv6 !== this.#routing.ipv6;
    if (!isWanting) return false;
    if (this.#mode === 'fwmark') sysctls.enable(this.netns);
    this.#routing = addMarkRouting(netlink, this.netns);
    return true;
  }

  release(): 'released' | 'left to a newer agent' {
    try {
      return removeAll(this.#kernel, this.netns, {
        rules: this.#rules,
        self: this.#self,
        earlier: this.#mark?.earlier ?? unchangedValues,
      })
        ? 'released'
        : 'left to a newer agent';
    } finally {
      this.drop();
    }
  }

  drop(): void {
    this.#rules.close();
    closeNetns(this.netns);
  }

  /** What the mode needs is there before the rules that need it, and goes after them. */
  #inMode(mode: InlineMode | 'none', put: () => void): void {
    const before = this.#mode;
    if (mode !== 'none') this.#open(mode);
    try {
      put();
    } catch (error) {
      if (before === 'none' && mode !== 'none') this.#shut();
      throw error;
    }
    if (mode === 'none' && (before !== 'none' || this.#inherited)) this.#shut();
    this.#mode = mode;
    this.#inherited = false;
  }

  #replace(ruleset: string, earlier: EarlierValues): void {
    const mark = { owner: this.#self, earlier };
    const { path } = this.netns;
    const from = this.#found();
    this.#mark = from && claimTable(this.#rules, { from, self: this.#self, path });
    replaceTable(this.#rules, { held: this.#mark?.owner, mark, ruleset, path });
    this.#mark = mark;
  }

  /** Routes and settings for inline, the note of the settings first. */
  #open(mode: InlineMode): void {
    const { sysctls, netlink } = this.#kernel;
    if (this.#mode === mode) return;
    if (this.#mode === 'none') refuseMesh(this.#kernel, this.netns, this.#rules);
    try {
      if (mode === 'fwmark') {
        this.#note(sysctls.read(this.netns));
        sysctls.enable(this.netns);
      }
      this.#routing = addMarkRouting(netlink, this.netns);
    } catch (error) {
      if (this.#mode === 'none') this.#shut();
      throw error;
    }
  }

  /** Writes down the settings as they were, unless an earlier life has noted them before it changed them. */
  #note(now: EarlierValues): void {
    const noted = this.#mark?.earlier ?? unchangedValues;
    const earlier = noteEarlier(noted, now);
    if (this.#mark === undefined) {
      this.#replace('', earlier);
      return;
    }
    const to = { owner: this.#self, earlier };
    changeMark(this.#rules, { from: this.#mark, to, path: this.netns.path });
    this.#mark = to;
  }

  #shut(): void {
    takeBack(this.#kernel, this.netns, this.#mark?.earlier ?? unchangedValues);
    this.#routing = noRouting;
  }
}

function refuseMesh(kernel: NodeKernel, netns: Netns, rules: NamespaceRules): void {
  const mesh = findMeshIn(kernel, netns, rules);
  if (mesh !== undefined) throw meshError(mesh, netns.path);
}

/**
 * Takes a pod's namespace in. Compares inode and addresses before anything is written; what an earlier life of this agent left is taken
 * over, so that its connections and blocks do not lapse in between. Nothing is changed before the first `apply`. The enrolment owns `netns`.
 * @throws AppError when the namespace is not the pod's, or is another agent's.
 */
export function enrol(
  kernel: NodeKernel,
  {
    netns,
    addresses,
    owner,
  }: { readonly netns: Netns; readonly addresses: readonly string[]; readonly owner: TableOwner },
): Enrolment {
  requireThePods(kernel, netns, addresses);
  const rules = openOwnRules(kernel, netns);
  try {
    const claim = readClaim(rules, owner);
    if (claim.type !== 'free' && claim.type !== 'ours') throw claimError(claim, netns.path);
    return new EnrolledNamespace(kernel, netns, {
      rules,
      self: owner,
      mark: claim.type === 'ours' ? claim.mark : undefined,
    });
  } catch (error) {
    rules.close();
    throw error;
  }
}

// The last good version of each source of policies - a file of a folder, an object of a cluster - on disk, for a restart while the source is
// broken: a typo must not lift a block. Which source is broken is its users' to know; this knows keys, versions and policies.
//
// Every good version is kept as soon as it is read, because a source may also break while nobody runs. Keys are spread over a fixed number of
// files by their hash: one file for all would be rewritten whole at each change, one for each key would be ten thousand synced ones at a start.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Policy } from '../../core/policy/schema.ts';
import { makeFolder } from '../make-folder.ts';
import { acceptPolicy } from './accept-policy.ts';
import { writeAtomically } from './atomic-write.ts';
import { policyLimits, type PolicyLimits } from './policy-limits.ts';

/** What a source said when it was last valid. */
export interface GoodVersion {
  /** Tells this version from others of its key: the hash of a text, a generation. */
  readonly version: string;
  readonly policies: readonly Policy[];
  /** RFC 3339: since when it stands in for a source that is broken. Absent: the source is as it says. */
  readonly since?: string;
}

/** Last good versions by key. What is asked for is on disk when `settled` resolves. */
export interface LastGood {
  /** What is kept of a source that is broken; undefined when nothing is, or nothing that this program still takes. */
  find(key: string): GoodVersion | undefined;
  /** The source is as it says, and this is it. */
  keep(key: string, good: Omit<GoodVersion, 'since'>): void;
  /** What is kept stands in for its source since then (RFC 3339). */
  since(key: string, since: string): void;
  /** The source is gone, or says that it holds nothing. */
  forget(key: string): void;
  /** Forgets the keys that are not among these: their sources went while nobody ran. */
  retain(keys: { has(key: string): boolean }): void;
  /** A sentence why some of it may not survive a restart; undefined when all does. */
  trouble(): string | undefined;
  /** Files written since it was opened. */
  written(): number;
  settled(): Promise<void>;
}

/** Policies as they were read: those of a source that is as it says have passed the checks already. */
interface Kept {
  readonly version: string;
  readonly since?: string | undefined;
  readonly policies: readonly unknown[];
}

const bucketSchema = z.object({
  version: z.literal(1),
  kept: z.array(
    z.object({
      key: z.string(),
      version: z.string(),
      since: z.iso.datetime({ offset: true }).optional(),
      policies: z.array(z.unknown()),
    }),
  ),
});

/** Where it is kept, and within which bounds. */
export interface LastGoodOptions {
  /** Of its own; made when it is missing. */
  readonly folder: string;
  readonly limits?: Pick<PolicyLimits, 'lastGoodBuckets' | 'lastGoodBucketBytes'>;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

class LastGoodFiles implements LastGood {
  readonly #folder: string;
  readonly #limits: Pick<PolicyLimits, 'lastGoodBuckets' | 'lastGoodBucketBytes'>;
  readonly #buckets: Map<string, Kept>[];
  /** To be written. */
  readonly #dirty = new Set<number>();
  /** Could not be written: tried again with the next change. */
  readonly #failed = new Map<number, string>();
  /** Keys for which there was no room, by bucket. */
  readonly #beyond = new Map<number, number>();
  #unread: string | undefined;
  #written = 0;
  #writing: Promise<void> | undefined;

  constructor({ folder, limits = policyLimits }: LastGoodOptions) {
    this.#folder = folder;
    this.#limits = limits;
    this.#buckets = Array.from({ length: limits.lastGoodBuckets }, () => new Map<string, Kept>());
  }

  async load(): Promise<void> {
    try {
      await makeFolder(this.#folder, 0o700);
    } catch (error) {
      this.#failed.set(0, messageOf(error));
      return;
    }
    for (const bucket of this.#buckets.keys()) await this.#loadOne(bucket);
  }

  find(key: string): GoodVersion | undefined {
    const kept = this.#buckets[this.#bucketOf(key)]?.get(key);
    if (kept === undefined) return undefined;
    const policies: Policy[] = [];
    for (const value of kept.policies) {
      const parsed = acceptPolicy(value);
      if (!parsed.ok) return undefined;
      policies.push(parsed.policy);
    }
    const { version, since } = kept;
    return policies.length === 0 ? undefined : { version, policies, ...(since !== undefined && { since }) };
  }

  keep(key: string, { version, policies }: Omit<GoodVersion, 'since'>): void {
    const bucket = this.#bucketOf(key);
    const before = this.#buckets[bucket]?.get(key);
    this.#buckets[bucket]?.set(key, { version, policies });
    if (before?.version !== version || before.since !== undefined) this.#write(bucket);
  }

  since(key: string, since: string): void {
    const bucket = this.#bucketOf(key);
    const before = this.#buckets[bucket]?.get(key);
    if (before === undefined || before.since === since) return;
    this.#buckets[bucket]?.set(key, { ...before, since });
    this.#write(bucket);
  }

  forget(key: string): void {
    const bucket = this.#bucketOf(key);
    if (this.#buckets[bucket]?.delete(key) === true) this.#write(bucket);
  }

  retain(keys: { has(key: string): boolean }): void {
    for (const bucket of this.#buckets) for (const key of bucket.keys()) if (!keys.has(key)) this.forget(key);
  }

  trouble(): string | undefined {
    const [reason] = this.#failed.values();
    const beyond = [...this.#beyond.values()].reduce((sum, count) => sum + count, 0);
    const sentences = [
      ...(reason === undefined
        ? []
        : [`They cannot be kept in ${this.#folder} (${reason}); --state DIR names another place.`]),
      ...(this.#unread === undefined ? [] : [this.#unread]),
      ...(beyond === 0 ? [] : [`There is no room for ${beyond} of them in ${this.#folder}.`]),
    ];
    return sentences.length === 0 ? undefined : sentences.join(' ');
  }

  written(): number {
    return this.#written;
  }

  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  #bucketOf(key: string): number {
    return createHash('sha256').update(key).digest().readUInt32BE(0) % this.#limits.lastGoodBuckets;
  }

  #pathOf(bucket: number): string {
    return join(this.#folder, `${bucket.toString(16).padStart(2, '0')}.json`);
  }

  async #loadOne(bucket: number): Promise<void> {
    const path = this.#pathOf(bucket);
    try {
      const { size } = await stat(path);
      if (size > this.#limits.lastGoodBucketBytes) throw new Error('it is larger than any that we write');
      const { kept } = bucketSchema.parse(JSON.parse(await readFile(path, 'utf8')));
      for (const { key, ...rest } of kept)
        if (this.#bucketOf(key) === bucket) this.#buckets[bucket]?.set(key, rest);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
      const why =
        error instanceof z.ZodError || error instanceof SyntaxError ? 'it is damaged' : messageOf(error);
      this.#unread ??= `${path} could not be read at the start (${why}): versions in it are lost where the policy was broken by then.`;
    }
  }

  #write(bucket: number): void {
    this.#dirty.add(bucket);
    this.#writing ??= this.#drain().finally(() => (this.#writing = undefined));
  }

  async #drain(): Promise<void> {
    for (const bucket of this.#failed.keys()) this.#dirty.add(bucket);
    // Changes that come together are written together.
    await Promise.resolve();
    for (const bucket of this.#dirty) {
      this.#dirty.delete(bucket);
      await this.#writeOne(bucket);
    }
  }

  async #writeOne(bucket: number): Promise<void> {
    try {
      await makeFolder(this.#folder, 0o700);
      await writeAtomically(this.#pathOf(bucket), this.#textOf(bucket), 0o600);
      this.#written += 1;
      this.#failed.delete(bucket);
    } catch (error) {
      this.#failed.set(bucket, messageOf(error));
    }
  }

  #textOf(bucket: number): string {
    const entries: string[] = [];
    let bytes = 64;
    let beyond = 0;
    for (const [key, kept] of this.#buckets[bucket] ?? []) {
      const text = JSON.stringify({ key, ...kept });
      const size = Buffer.byteLength(text) + 1;
      if (bytes + size > this.#limits.lastGoodBucketBytes) beyond += 1;
      else {
        entries.push(text);
        bytes += size;
      }
    }
    if (beyond === 0) this.#beyond.delete(bucket);
    else this.#beyond.set(bucket, beyond);
    return `{"version":1,"kept":[${entries.join(',')}]}`;
  }
}

/** Has read what is kept when it resolves. Never rejects: what cannot be kept is told by `trouble`. */
export async function openLastGood(options: LastGoodOptions): Promise<LastGood> {
  const files = new LastGoodFiles(options);
  await files.load();
  return files;
}

/** Within a state directory. */
export const lastGoodFolder = (stateDirectory: string): string => join(stateDirectory, 'last-good');

/** As `PolicyStore.unkept`, of a store with this keeper or with none. */
export const unkept = (lastGood: LastGood | undefined): string | undefined =>
  lastGood === undefined
    ? 'There is no state directory to keep them in; --state DIR names one.'
    : lastGood.trouble();

// What all files together put in force, and what of them is rejected. Pure; keeps the last good objects of a file that broke.
//
// A file that was valid and is changed into something invalid keeps its last good objects in force (an edit that fails must not
// lift a block), marked with the rejection and since when; deleting the file lifts them. A restart finds them again in last-good.ts.
import type { PolicyName } from '../../core/model/brand.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { PolicyRejection, StoredPolicy } from '../../core/policy/store.ts';
import type { FilePolicy, PolicyFileRead } from './parse-policy-file.ts';
import { rejectionAt } from './parse-policy-file.ts';

/** One file as last read, and its objects from when it was last valid. */
export interface FileReading {
  readonly file: string;
  readonly read: PolicyFileRead;
  readonly lastGood: readonly FilePolicy[];
  /** RFC 3339: when it was first found to be invalid, while there are objects from before. */
  readonly since?: string;
}

/** A file, and its objects as they count: those of the reading, or last good ones with the rejection. Made once for each reading. */
export interface FileState extends FileReading {
  readonly objects: readonly HeldPolicy[];
}

/** An object that counts, and where it stands. */
export interface HeldPolicy extends FilePolicy {
  readonly file: string;
  readonly author?: string;
  /** Its file is now invalid for this reason. */
  readonly rejection?: PolicyRejection;
  /** As it is listed before and after its lifetime has ended: the same entry each time, so that who follows sees what did not change. */
  readonly entries: { readonly valid: StoredPolicy; readonly expired: StoredPolicy };
}

/** What is made of a reading, once. */
export function fileState(reading: FileReading): FileState {
  const { file, read, lastGood, since } = reading;
  if (read.ok) return { ...reading, objects: read.policies.map((one) => heldPolicy(file, one)) };
  const rejection = since === undefined ? read.rejection : { ...read.rejection, since };
  return { ...reading, objects: lastGood.map((one) => heldPolicy(file, one, rejection)) };
}

function heldPolicy(file: string, one: FilePolicy, rejection?: PolicyRejection): HeldPolicy {
  const { name, policy } = one;
  const shared = { name, policy, file, ...authorOf(policy) };
  return {
    ...{ ...one, ...shared },
    ...(rejection && { rejection }),
    entries: {
      valid: { type: 'valid', ...shared, ...(rejection && { rejection }) },
      expired: { type: 'expired', ...shared },
    },
  };
}

/** What a folder comes to: objects by name, and what was refused. */
export interface MergedFiles {
  readonly held: ReadonlyMap<PolicyName, HeldPolicy>;
  readonly rejected: readonly Extract<StoredPolicy, { type: 'rejected' }>[];
}

/** `files` in file-name order. Of two objects with one name the first stays; one that is really there beats a last good one. */
export function mergeFiles(files: readonly FileState[], limit: number): MergedFiles {
  const held = new Map<PolicyName, HeldPolicy>();
  const rejected: Extract<StoredPolicy, { type: 'rejected' }>[] = [];
  const claim = (state: FileState, one: HeldPolicy): void => {
    const first = held.get(one.name);
    const refuse = (code: string, reason: string): unknown =>
      rejected.push({
        type: 'rejected',
        rejection: rejectionAt(state.file, { code, reason, line: one.line }),
        object: one.policy,
      });
    if (first !== undefined)
      refuse('DUPLICATE_NAME', `${one.name} is defined in ${first.file} already, which stays in force`);
    else if (held.size >= limit) refuse('TOO_MANY_POLICIES', `the folder holds more than ${limit} policies`);
    else held.set(one.name, one);
  };
  for (const state of files) if (state.read.ok) for (const one of state.objects) claim(state, one);
  for (const state of files) {
    if (state.read.ok) continue;
    const { rejection, object } = state.read;
    for (const one of state.objects) if (!held.has(one.name)) claim(state, one);
    rejected.push({ type: 'rejected', rejection, ...(object === undefined ? {} : { object }) });
  }
  return { held, rejected };
}

/** Annotation under which a draft names who asked for it. */
export const authorAnnotation = 'apidefense.dev/author';

function authorOf(policy: Policy): { readonly author?: string } {
  const author = policy.metadata.annotations?.[authorAnnotation];
  return author === undefined ? {} : { author };
}

/** When an object stops being in force, epoch ms; infinite without `expiresAt`. */
export function expiryMs(policy: Policy): number {
  return policy.spec.expiresAt === undefined ? Infinity : Date.parse(policy.spec.expiresAt);
}

/** The listing at a moment, in file-name order: objects first, then what is rejected. */
export function listEntries(merged: MergedFiles, nowMs: number): readonly StoredPolicy[] {
  const objects = [...merged.held.values()].map(({ policy, entries }) =>
    expiryMs(policy) <= nowMs ? entries.expired : entries.valid,
  );
  const fileOf = (entry: StoredPolicy): string =>
    entry.type === 'rejected' ? entry.rejection.file : entry.file;
  return [...objects, ...merged.rejected].sort((one, other) => compareText(fileOf(one), fileOf(other)));
}

const compareText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

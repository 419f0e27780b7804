// Every bound and name of the policy folder in one place, with its reason. Knows nothing else.
import { policyCountLimit } from '../../core/policy/store.ts';

/** Bounds of a policy folder and of how it is watched. */
export const policyLimits = {
  /** Largest file, bytes: a hundred generous policies; anything larger is not a policy file. */
  fileBytes: 256 * 1024,
  /** Objects in force, all files together. */
  policies: policyCountLimit,
  /** Names looked at in the folder; more is not a policy folder. */
  files: 2 * policyCountLimit,
  /** Levels of nesting in a file; a policy has about ten. */
  depth: 100,
  /** YAML aliases one document may resolve: stops a billion laughs. */
  aliases: 100,
  /** Files read at once. */
  parallelReads: 32,
  /** Quiet time after a change before the folder is read: editors write in several steps, ms. */
  debounceMs: 100,
  /** How often lifetimes are checked, ms. */
  tickMs: 500,
  /** The folder is looked through at least this often, whatever the watch says, ms; longer for many files. */
  pollMs: 5_000,
  pollMsPerFile: 3,
  /** A file changed this recently is read again at the next look: its time stamp may not show the next change, ms. */
  racyMs: 2_000,
  /** Files that the last good versions lie in: a change writes one of them, a start all, each synced. */
  lastGoodBuckets: 256,
  /** Largest of them, bytes: a share of the most objects, each several times as long as is usual. */
  lastGoodBucketBytes: 512 * 1024,
  /** Changes that undo can reach. */
  undoSteps: 200,
  /** An interactive policy's file leaves the folder this long after it expired, ms; until then it is shown as expired. */
  expiredKeepMs: 60 * 60_000,
  /** Expired files kept aside. */
  expiredFiles: 200,
} as const;

/** The same names with other numbers, for tests. */
export type PolicyLimits = { readonly [Name in keyof typeof policyLimits]: number };

/** Hidden folder within the policy folder: the undo journal, last good versions and expired files. */
export const hiddenFolder = '.apidefense';
/** First line of a file that the store made by itself, and the reason why it may be moved away once expired. */
export const ownMark = `# Written by api-defense. One hour after it expires this file moves to ${hiddenFolder}/expired.`;

/** What an editor, a version control or we ourselves leave beside the real files. */
export function isPolicyFileName(name: string): boolean {
  return /\.ya?ml$/.test(name) && !name.startsWith('.') && !name.startsWith('#') && !name.includes('~');
}

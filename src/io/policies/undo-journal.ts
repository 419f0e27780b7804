// The inverse of each change made through the store, one file each in a hidden folder: survives a restart, is bounded, and is
// shared by every process that opens the same policy folder. Knows how to keep changes, not how to revert them.
import { randomBytes } from 'node:crypto';
import { readFile, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { policySchema } from '../../core/policy/schema.ts';
import { writeAtomically } from './atomic-write.ts';
import { hiddenFolder, isPolicyFileName } from './policy-limits.ts';
import { makeFolder } from '../make-folder.ts';

const changeSchema = z.object({
  version: z.literal(1),
  /** RFC 3339. */
  time: z.string(),
  author: z.string().optional(),
  /** `namespace/name`. */
  name: z.string(),
  /** File name within the folder. */
  file: z.string().refine((file) => !file.includes('/') && isPolicyFileName(file)),
  /** The object and the text of its file before and after; null where there was none. */
  before: z.object({ object: policySchema.nullable(), text: z.string().nullable() }),
  after: z.object({ object: policySchema.nullable(), text: z.string().nullable() }),
});

/** One change as kept: what stood before and after, as object and as text. */
export type Change = Readonly<z.infer<typeof changeSchema>>;

/** A change and the id of its file. */
export interface Journaled<Kind> {
  readonly id: string;
  readonly change: Kind;
}

/** A change of the folder and the id of its file. */
export type JournaledChange = Journaled<Change>;

/** Changes on disk, newest first; bounded, the oldest go. */
export interface ChangeJournal<Kind> {
  /** Keeps a change that is about to be made; returns its id. */
  add(change: Kind, nowMs: number): Promise<string>;
  /** Keeps it with what was learned by making it. */
  amend(id: string, change: Kind): Promise<void>;
  /** Newest first. What cannot be read is skipped. */
  newestFirst(): AsyncIterable<Journaled<Kind>>;
  drop(id: string): Promise<void>;
}

/** The journal of a policy folder. */
export type UndoJournal = ChangeJournal<Change>;

/** Makes its folder when first needed. */
export const openUndoJournal = (directory: string, limit: number): UndoJournal =>
  openChangeJournal(changeSchema, { folder: join(directory, hiddenFolder, 'undo'), limit });

/** Where a journal lies and how many changes it keeps. */
export interface JournalPlace {
  readonly folder: string;
  readonly limit: number;
}

/** A journal of any kind of change; makes its folder when first needed. */
export function openChangeJournal<Kind>(
  schema: z.ZodType<Kind>,
  { folder, limit }: JournalPlace,
): ChangeJournal<Kind> {
  let sequence = 0;
  const ids = async (): Promise<string[]> => {
    const names = await readdir(folder).catch(() => []);
    return names.filter((name) => /^\d{15}-\d{6}-[0-9a-f]{8}\.json$/.test(name)).sort();
  };
  const drop = (id: string): Promise<void> => unlink(join(folder, id)).catch(() => undefined);
  const write = (id: string, change: Kind): Promise<void> =>
    writeAtomically(join(folder, id), JSON.stringify(change), 0o600);
  return {
    amend: write,
    async add(change, nowMs) {
      await makeFolder(folder, 0o700);
      const known = await ids();
      // Never before the newest one, even when the clock was set back.
      const newestMs = Number(known.at(-1)?.slice(0, 15) ?? 0);
      const stamp = String(Math.max(Math.floor(nowMs), newestMs)).padStart(15, '0');
      sequence = Math.max(sequence, Number(known.at(-1)?.slice(16, 22) ?? 0)) + 1;
      const id = `${stamp}-${String(sequence % 1_000_000).padStart(6, '0')}-${randomBytes(4).toString('hex')}.json`;
      await write(id, change);
      for (const old of known.slice(0, Math.max(0, known.length + 1 - limit))) await drop(old);
      return id;
    },
    async *newestFirst() {
      for (const id of (await ids()).reverse()) {
        const change = await readChange(schema, join(folder, id));
        if (change !== undefined) yield { id, change };
      }
    },
    drop,
  };
}

async function readChange<Kind>(schema: z.ZodType<Kind>, path: string): Promise<Kind | undefined> {
  try {
    const read = schema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}

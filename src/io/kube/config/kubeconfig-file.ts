// The text of one kubeconfig file to its clusters, users and contexts, or to the sentence that says where it is broken. Pure; knows
// neither how files are merged nor how anybody signs in. Paths in it are relative to the file's own folder, as kubectl has it.
import { isAbsolute, join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { AppError } from '../../../core/model/app-error.ts';
import { offsetOf } from '../../yaml/offset-of.ts';

/** Largest kubeconfig, bytes: hundreds of contexts with their certificates are a tenth of it. */
export const kubeconfigBytes = 16 * 1024 * 1024;

const text = z.string().optional();
/** A present key without a value is YAML's null; kubectl reads it as absent. */
const list = <Item extends z.ZodType>(item: Item): z.ZodPrefault<z.ZodNullable<z.ZodArray<Item>>> =>
  z.array(item).nullable().prefault([]);

const clusterSchema = z.object({
  server: z
    .string({ error: 'is missing: the URL of the API server' })
    .regex(/^https?:\/\/[^\s]+$/, 'must be a URL such as https://10.0.0.1:6443'),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': z.boolean().optional(),
  'tls-server-name': text,
  'proxy-url': text,
});
const execSchema = z.object({
  apiVersion: z.string(),
  command: z.string().min(1),
  args: z.array(z.string()).nullable().optional(),
  env: z
    .array(z.object({ name: z.string(), value: z.string() }))
    .nullable()
    .optional(),
  installHint: text,
  provideClusterInfo: z.boolean().optional(),
  interactiveMode: z.enum(['Never', 'IfAvailable', 'Always']).optional(),
});
const userSchema = z.object({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  'as-uid': text,
  'as-groups': z.array(z.string()).optional(),
  exec: execSchema.nullable().optional(),
  'auth-provider': z
    .object({ name: z.string(), config: z.record(z.string(), z.string()).nullable().optional() })
    .nullable()
    .optional(),
});
const contextSchema = z.object({ cluster: z.string(), user: z.string().default(''), namespace: text });
const fileSchema = z.object({
  'current-context': z.string().nullable().optional(),
  clusters: list(z.object({ name: z.string(), cluster: clusterSchema })),
  users: list(z.object({ name: z.string(), user: userSchema.nullable().prefault({}) })),
  contexts: list(z.object({ name: z.string(), context: contextSchema })),
});

/** Where an API server is and how it proves itself. */
export type ClusterEntry = Readonly<z.infer<typeof clusterSchema>>;
/** How a person proves who they are. */
export type UserEntry = Readonly<z.infer<typeof userSchema>>;
/** A plugin that prints credentials (client.authentication.k8s.io). */
export type ExecEntry = Readonly<z.infer<typeof execSchema>>;
/** A cluster, a user and a namespace under one name. */
export type ContextEntry = Readonly<z.infer<typeof contextSchema>>;

/** One file, or several merged. Paths are absolute. */
export interface KubeconfigEntries {
  readonly currentContext?: string;
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
  readonly contexts: ReadonlyMap<string, ContextEntry>;
}

function broken(path: string, line: number | undefined, why: string): AppError {
  const where = line === undefined ? path : `${path}, line ${line}`;
  return new AppError({
    code: 'KUBECONFIG_BROKEN',
    family: 'data',
    message: `The kubeconfig ${where} cannot be used: ${why.replace(/\.$/, '')}.`,
    hint: 'Mend the file, or name another one with --kubeconfig FILE.',
  });
}

const firstLine = (message: string): string =>
  (message.split('\n', 1)[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');

/** `clusters[0].cluster.server`. */
const spelled = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (before, step) =>
      typeof step === 'number'
        ? `${before}[${step}]`
        : before === ''
          ? String(step)
          : `${before}.${String(step)}`,
    '',
  );

/** @throws AppError KUBECONFIG_BROKEN naming file, line and reason. */
export function readKubeconfig(path: string, content: string, folder: string): KubeconfigEntries {
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines, logLevel: 'silent' });
  const problem = document.errors[0];
  if (problem !== undefined)
    throw broken(path, lines.linePos(problem.pos[0]).line, firstLine(problem.message));
  const { contents } = document;
  if (contents === null) return { clusters: new Map(), users: new Map(), contexts: new Map() };
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  const parsed = fileSchema.safeParse(value);
  if (parsed.success) return entriesOf(parsed.data, folder);
  const issue = parsed.error.issues[0];
  const at = (issue?.path ?? []).filter((step) => typeof step !== 'symbol');
  const line = lines.linePos(offsetOf(contents, at)).line;
  throw broken(path, line, `${at.length === 0 ? 'it' : spelled(at)} ${reasonOf(issue?.message ?? '')}`);
}

const reasonOf = (message: string): string =>
  /^(must|is) /.test(message) ? message : `is wrong: ${message.replace(/^Invalid input: /, '')}`;

function entriesOf(file: z.infer<typeof fileSchema>, folder: string): KubeconfigEntries {
  const current = file['current-context'] ?? '';
  return {
    ...(current === '' ? {} : { currentContext: current }),
    clusters: firstOf(file.clusters, ({ cluster }) =>
      absolute(cluster, folder, ['certificate-authority'] as const),
    ),
    users: firstOf(file.users, ({ user }) =>
      absolute(user ?? {}, folder, ['client-certificate', 'client-key', 'tokenFile'] as const),
    ),
    contexts: firstOf(file.contexts, ({ context }) => context),
  };
}

function firstOf<Item extends { readonly name: string }, Value>(
  items: readonly Item[] | null,
  valueOf: (item: Item) => Value,
): ReadonlyMap<string, Value> {
  const found = new Map<string, Value>();
  for (const item of items ?? []) if (!found.has(item.name)) found.set(item.name, valueOf(item));
  return found;
}

function absolute<Key extends string, Entry extends { readonly [name in Key]?: string | undefined }>(
  entry: Entry,
  folder: string,
  keys: readonly Key[],
): Entry {
  const found = { ...entry };
  for (const key of keys) {
    const path: string | undefined = entry[key];
    if (path !== undefined && path !== '' && !isAbsolute(path))
      Object.assign(found, { [key]: join(folder, path) });
  }
  return found;
}

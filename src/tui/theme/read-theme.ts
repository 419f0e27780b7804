// One theme file's text to checked data; every complaint names file and line. Knows no file system and no terminal.
import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { AppError } from '../../core/model/app-error.ts';
import { nearest } from '../../core/filter/nearest.ts';
import { parseColour } from './colour.ts';
import { glyphs } from './glyphs.ts';
import { roles } from './roles.ts';
import { themeSchema } from './theme-schema.ts';
import type { ThemeFile } from './theme-schema.ts';

type Path = readonly PropertyKey[];

/** Most characters of a theme file. */
const fileLimit = 200_000;

const firstLine = (text: string): string => /^[^\n]*/.exec(text)?.[0] ?? '';

/** Offset of the key (or value) at a path. */
function offsetAt(document: Document, path: Path): number | undefined {
  const parent = document.getIn(path.slice(0, -1), true);
  const key = path.at(-1);
  if (isMap(parent))
    for (const pair of parent.items)
      if (isScalar(pair.key) && String(pair.key.value) === String(key)) return pair.key.range?.[0];
  const node: unknown = document.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
}

/** What keys could have been meant at a path. */
function knownKeys(path: Path): readonly string[] {
  if (path.length === 0) return Object.keys(themeSchema.shape);
  if (path.length === 1 && path[0] === 'roles') return roles;
  if (path.length === 1 && path[0] === 'glyphs') return Object.keys(glyphs);
  return ['fg', 'bg', 'bold', 'dim', 'italic', 'underline', 'inverse'];
}

interface Issue {
  readonly path: Path;
  readonly message: string;
}

function issuesOf(value: unknown): { readonly theme?: ThemeFile; readonly issues: readonly Issue[] } {
  const parsed = themeSchema.safeParse(value);
  if (parsed.success) return { theme: parsed.data, issues: [] };
  const issues = parsed.error.issues.flatMap((issue): readonly Issue[] => {
    if (issue.code !== 'unrecognized_keys')
      return [{ path: issue.path, message: `${issue.path.join('.')}: ${issue.message}` }];
    return issue.keys.map((key) => {
      const near = nearest(key, knownKeys(issue.path));
      const guess = near === undefined ? '' : `, did you mean ${near}?`;
      return {
        path: [...issue.path, key],
        message: `${[...issue.path, key].join('.')} is not known${guess}`,
      };
    });
  });
  return { issues };
}

/** Role colours that are neither a colour nor in the file's own or inherited palette. */
function danglingColours(theme: ThemeFile, inherited: ReadonlySet<string>): readonly Issue[] {
  const found: Issue[] = [];
  for (const [role, look] of Object.entries(theme.roles ?? {}))
    for (const ground of ['fg', 'bg'] as const) {
      const value = look?.[ground];
      if (value === undefined || parseColour(value) !== undefined) continue;
      const name = String(value);
      if (inherited.has(name) || Object.hasOwn(theme.palette ?? {}, name)) continue;
      found.push({
        path: ['roles', role, ground],
        message: `roles.${role}.${ground}: "${name}" is neither a colour nor in the palette`,
      });
    }
  return found;
}

/** Reads one theme file; throws AppError THEME_INVALID with all complaints. `inherited`: palette names of its ancestors. */
export function readTheme(
  text: string,
  fileName: string,
  inherited: (parent: string) => ReadonlySet<string>,
): ThemeFile {
  const lines = new LineCounter();
  const document = parseDocument(text.slice(0, fileLimit), { lineCounter: lines, strict: true });
  const at = (offset: number | undefined): string =>
    offset === undefined ? fileName : `${fileName}:${lines.linePos(offset).line}`;
  const problems = document.errors.map((error) => `${at(error.pos[0])}: ${firstLine(error.message)}`);
  let theme: ThemeFile | undefined;
  if (problems.length === 0) {
    const value: unknown = document.toJS({ maxAliasCount: 50 });
    const result = issuesOf(value);
    theme = result.theme;
    const names = theme?.extends === undefined ? new Set<string>() : inherited(theme.extends);
    const issues = theme ? danglingColours(theme, names) : result.issues;
    problems.push(...issues.map((issue) => `${at(offsetAt(document, issue.path))}: ${issue.message}`));
  }
  if (theme && problems.length === 0) return theme;
  throw new AppError({
    code: 'THEME_INVALID',
    family: 'data',
    message: `The theme cannot be used: ${problems.join('; ')}.`,
    hint: 'themes/schema.json describes a theme; default.yaml is a complete one.',
  });
}

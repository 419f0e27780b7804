// What no linter of ours says: every export under src/ tells what it is. Reads the sources, knows no meaning.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const src = join(import.meta.dirname, '..', 'src');
const files = globSync('**/*.{ts,tsx}', { cwd: src });

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

/** Overloads say it once, at the first signature. */
function repeatsName(statement: ts.Statement, before: ts.Statement | undefined): boolean {
  return (
    before !== undefined &&
    ts.isFunctionDeclaration(statement) &&
    ts.isFunctionDeclaration(before) &&
    statement.name?.text === before.name?.text
  );
}

function undocumented(file: string): string[] {
  const kind = file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const source = ts.createSourceFile(
    file,
    readFileSync(join(src, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
    kind,
  );
  return source.statements
    .filter(
      (statement, index) => isExported(statement) && !repeatsName(statement, source.statements[index - 1]),
    )
    .filter((statement) => ts.getJSDocCommentsAndTags(statement).length === 0)
    .map((statement) => {
      const { line } = source.getLineAndCharacterOfPosition(statement.getStart());
      return `${file}:${line + 1} exports without a /** */ that says what it is, with units, errors and source.`;
    });
}

test('every export says what it is', () => {
  expect(files.length).toBeGreaterThan(0);
  expect(files.flatMap(undocumented)).toEqual([]);
});

test('every file opens by saying what it is', () => {
  const silent = files.filter((file) => !readFileSync(join(src, file), 'utf8').startsWith('//'));
  expect(silent).toEqual([]);
});

// Writes what was measured: JSON for machines, markdown tables for people. A section that was not run keeps its old figures.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import type { SectionResult, Table } from './bench-context.ts';
import { environmentSchema, type Environment } from './environment.ts';

/** One section with where its figures come from, as it stands in results.json. */
export const measuredSchema = z.object({
  title: z.string().min(1),
  notes: z.array(z.string()),
  tables: z.array(
    z.object({ caption: z.string(), columns: z.array(z.string()), rows: z.array(z.array(z.string())) }),
  ),
  raw: z.unknown(),
  environment: environmentSchema,
});

/** A section's result, and where it comes from. */
export interface Measured extends SectionResult {
  readonly environment: Environment;
}

/** Where the figures stand in the repository. */
export const reportDirectory = join(import.meta.dirname, '..', '..', 'docs', 'bench');
const jsonName = 'results.json';
const pageName = 'README.md';

/**
 * The sections measured so far, by name; none where there is no file yet.
 * @throws ZodError when a section lacks its commit, date, machine or versions.
 */
export function readReport(directory: string): Readonly<Record<string, Measured>> {
  const file = join(directory, jsonName);
  if (!existsSync(file)) return {};
  return z.record(z.string(), measuredSchema).parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Adds the sections of this run to those of `directory`, in the given order. Returns the files written. */
export async function writeReport(
  measured: Readonly<Record<string, Measured>>,
  order: readonly string[],
  directory: string,
): Promise<readonly string[]> {
  mkdirSync(directory, { recursive: true });
  const all = { ...readReport(directory), ...measured };
  const sections = order.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]] as const]));
  const jsonFile = join(directory, jsonName);
  const pageFile = join(directory, pageName);
  await writeFormatted(jsonFile, JSON.stringify(Object.fromEntries(sections)));
  const intro = [
    '# Benchmarks',
    '',
    'Written by `npm run bench`; raw rounds in `results.json`. `npm run bench -- SECTION…` runs some, `ROUNDS` and `DURATION` (seconds) change the effort.',
    '',
  ];
  const pages = sections.flatMap(([name, section]) => page(name, section));
  await writeFormatted(pageFile, [...intro, ...pages].join('\n'));
  return [jsonFile, pageFile];
}

/** As `npm run format` wants it, so that a run of the bench does not fail the check. */
async function writeFormatted(file: string, text: string): Promise<void> {
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}

function page(name: string, { title, notes, tables, environment }: Measured): readonly string[] {
  const { time, kernel, cpu, cores, memoryGiB, versions, commit } = environment;
  const tools = Object.entries(versions)
    .map(([tool, version]) => `${tool} ${version}`)
    .join(', ');
  return [
    `## ${title} (\`${name}\`)`,
    '',
    ...notes.map((note) => `- ${note}`),
    `- ${time}, commit ${commit}: ${cores} × ${cpu}, ${memoryGiB} GiB, Linux ${kernel}; ${tools}.`,
    '',
    ...tables.flatMap(tableLines),
  ];
}

/** A markdown table with its caption, columns padded as Prettier does. */
export function tableLines({ caption, columns, rows }: Table): readonly string[] {
  const all = [columns, ...rows];
  const widths = columns.map((_, index) => Math.max(3, ...all.map((cells) => cells[index]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [`**${caption}**`, '', line(columns), rule, ...rows.map(line), ''];
}

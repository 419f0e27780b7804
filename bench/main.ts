// The bench: runs the asked sections one after the other and writes docs/bench.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Section } from './lib/bench-context.ts';
import { readEnvironment } from './lib/environment.ts';
import { reportDirectory, tableLines, writeReport, type Measured } from './lib/report.ts';
import { ensureTools } from './lib/tools.ts';

/** In the order of the page; loaded when asked for. */
const sections: Readonly<Record<string, () => Promise<Section>>> = {
  inline: async () => (await import('./sections/inline.ts')).inline,
  rules: async () => (await import('./sections/inline.ts')).rules,
  'node-inline': async () => (await import('./sections/node-inline.ts')).nodeInline,
  tap: async () => (await import('./sections/tap.ts')).tap,

  'node-scale': async () => (await import('./sections/node-scale.ts')).nodeScale,
  allocations: async () => (await import('./sections/allocations.ts')).allocations,
  idle: async () => (await import('./sections/idle.ts')).idle,
  terminal: async () => (await import('./sections/terminal.ts')).terminal,
  hub: async () => (await import('./sections/hub.ts')).hubScale,
  preview: async () => (await import('./sections/preview.ts')).previewSection,
};

/** Names of the sections, in the order of the page. */
export const sectionNames: readonly string[] = Object.keys(sections);

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const positive = (text: string | undefined, otherwise: number): number =>
  text !== undefined && /^\d+$/.test(text) && Number(text) > 0 ? Number(text) : otherwise;

/** Runs the named sections, all when none is named. Returns the exit code. */
export async function main(names: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const order = sectionNames;
  const unknown = names.filter((name) => !order.includes(name));
  if (unknown.length > 0) {
    say(`bench: no section is called ${unknown.join(', ')}; there are ${order.join(', ')}.`);
    return 64;
  }
  const directory = mkdtempSync(join(tmpdir(), 'api-defense-bench-'));
  process.once('exit', () => {
    rmSync(directory, { recursive: true, force: true });
  });
  // By the hooks of `exit`, which end what was started and remove what was made.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(130));
  const missing = ensureTools(say);
  const environment = readEnvironment();
  const measured: Record<string, Measured> = {};
  for (const name of order.filter((each) => names.length === 0 || names.includes(each))) {
    const section = await sections[name]?.();
    if (section === undefined) continue;
    say(`== ${name}`);
    const result = await section({
      rounds: positive(env['ROUNDS'], 5),
      seconds: positive(env['DURATION'], 5),
      directory,
      missing,
      say,
    });
    measured[name] = { ...result, environment };
    for (const table of result.tables) process.stdout.write(`${tableLines(table).join('\n')}\n`);
    for (const file of await writeReport(measured, order, reportDirectory)) say(`wrote ${file}`);
  }
  return 0;
}

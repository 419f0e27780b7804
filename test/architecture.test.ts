// Reads every import under src/ and fails with the sentence that says how to mend a wrong one.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const src = join(import.meta.dirname, '..', 'src');
const allowed: Record<string, readonly string[]> = {
  core: ['core'],
  io: ['io', 'core'],
  tui: ['tui', 'core'],
  app: ['app', 'tui', 'io', 'core'],
};
/** Packages and built-ins core may use: pure ones only. */
const corePackages = ['zod', 'yaml', 'node:buffer', 'node:crypto', 'node:zlib'];
const onlyIn: Record<string, readonly string[]> = {
  koffi: ['io/kernel/'],
  ws: ['io/feed/', 'io/hub/', 'io/kube/forward/'],
  'prom-client': ['io/metrics/'],
  '@kubernetes': ['io/kube/config/'],
  pkijs: ['io/kube/trust/'],
  asn1js: ['io/kube/trust/'],
  ink: ['tui/'],
  react: ['tui/'],
};

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), 'utf8');
  const found = text.matchAll(
    /(?:^|\s)(?:import|export)\s[^;]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|^import\s+'([^']+)'/gm,
  );
  return [...found].map((match) => ({ file, specifier: match[1] ?? match[2] ?? match[3] ?? '' }));
}

const files = globSync('**/*.{ts,tsx}', { cwd: src });
const imports = files.flatMap(importsOf);

function complaint({ file, specifier }: Import): string | undefined {
  const room = file.split('/')[0] ?? '';
  if (specifier.startsWith('.')) {
    if (!/\.tsx?$/.test(specifier)) return `${file}: write the import of '${specifier}' with its .ts ending.`;
    const target = relative(src, join(src, dirname(file), specifier)).split('/')[0] ?? '';
    return allowed[room]?.includes(target)
      ? undefined
      : `${file} imports ${specifier}: ${room} may import only ${(allowed[room] ?? []).join(', ')}; pass the value in from app, or move the idea to core.`;
  }
  if (room === 'core' && !corePackages.includes(specifier))
    return `${file} imports ${specifier}: core stays free of I/O; put the code in io or app, or argue the package into corePackages.`;
  const places = onlyIn[specifier.split('/')[0] ?? ''];
  if (places && !places.some((place) => file.startsWith(place)))
    return `${file} imports ${specifier}: only ${places.join(', ')} may; use the module there.`;
  return undefined;
}

test('imports go app → {tui, io} → core, and packages stay in their rooms', () => {
  expect(files.length).toBeGreaterThan(0);
  expect(imports.map(complaint).filter((text) => text !== undefined)).toEqual([]);
});

test('no file under src/ is longer than 400 lines', () => {
  const long = files.filter((file) => readFileSync(join(src, file), 'utf8').split('\n').length > 401);
  expect(long).toEqual([]);
});

// The definitions of the policies that come with this program: deploy/crds, generated from the schema. Reads files, changes nothing.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { AppError } from '../../core/model/app-error.ts';
import { isKubeObject, type KubeObject } from '../../core/install/kube-object.ts';

/** Beside bin/ and dist/ in a package as in a checkout. */
const shipped = join(import.meta.dirname, '..', '..', '..', 'deploy', 'crds');

function readDefinition(path: string): KubeObject {
  const object: unknown = parse(readFileSync(path, 'utf8'));
  if (isKubeObject(object) && object.kind === 'CustomResourceDefinition') return object;
  throw new AppError({
    code: 'DEFINITION_UNREADABLE',
    family: 'data',
    message: `${path} is not a CustomResourceDefinition.`,
    hint: 'Install this program again; in a checkout, make the file anew.',
  });
}

/** All of them in the order of their file names; none where this build has none. @throws AppError naming a file that is something else. */
export function shippedDefinitions(directory: string = shipped): readonly KubeObject[] {
  let names: readonly string[];
  try {
    names = readdirSync(directory).filter((name) => name.endsWith('.yaml'));
  } catch {
    return [];
  }
  return names.toSorted().map((name) => readDefinition(join(directory, name)));
}

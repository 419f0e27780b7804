// The texts of deploy/crds: one YAML file a CustomResourceDefinition. Knows no folder; scripts/schemas.js writes, a test compares.
import { stringify } from 'yaml';
import { yamlOptions } from '../policy/yaml-options.ts';
import { customResourceDefinitions } from './definitions.ts';

const head =
  '# Generated from src/core/policy/schema.ts by `npm run schemas`; a test fails when it is stale. Do not edit.\n';

/** File name → text, as kept in `deploy/crds/`. */
export const crdFiles = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    customResourceDefinitions().map((definition) => [
      `${definition.metadata.name}.yaml`,
      head + stringify(definition, yamlOptions),
    ]),
  );

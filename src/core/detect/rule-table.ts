// All detections, in the order they are tried. A new one is a line here and a file in rules/.
import type { Rule } from './rule.ts';
import { bolaEnumeration } from './rules/bola-enumeration.ts';
import { bruteForce } from './rules/brute-force.ts';
import { credentialInUrl } from './rules/credential-in-url.ts';
import { missingAuth } from './rules/missing-auth.ts';
import { parserDifferential } from './rules/parser-differential.ts';
import { scanner } from './rules/scanner.ts';

/** All rules in force; the order is that of their findings for one flow. */
export const rules: readonly Rule[] = [
  scanner,
  parserDifferential,
  bruteForce,
  credentialInUrl,
  missingAuth,
  bolaEnumeration,
];

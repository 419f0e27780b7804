// An object as this store takes it: a valid policy of either kind, under a name that may be told. Pure; shared by files and by writes.
import { isSecretName } from '../../core/mask/secret-name.ts';
import { parsePolicy, type ParsedPolicy } from '../../core/policy/parse-policy.ts';

/** As `parsePolicy`, and refuses a name that looks like a key: it would stand in every event. Never throws. */
export function acceptPolicy(value: unknown): ParsedPolicy {
  const parsed = parsePolicy(value);
  if (!parsed.ok || !isSecretName(parsed.policy.metadata.name)) return parsed;
  return {
    ok: false,
    code: 'POLICY_NAME_SECRET',
    path: ['metadata', 'name'],
    message:
      'metadata.name looks like a key or token; names are told in every event, so give it one that says what it does.',
  };
}

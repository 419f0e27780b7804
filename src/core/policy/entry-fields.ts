// An entry of a policy store as what an event says of it, without a moment, counters or where it stands. Pure.
import type { PolicyMask } from '../mask/mask-policy.ts';
import type { PolicyEvent } from '../model/event.ts';
import type { Policy } from './schema.ts';
import type { PolicyRejection, StoredPolicy } from './store.ts';

/** An event without its moment. */
export type PolicyFields = Omit<PolicyEvent, 'type' | 'time'>;

function stateOf(policy: Policy): PolicyEvent['state'] {
  switch (policy.spec.mode) {
    case 'Enforce':
      return 'active';
    case 'Shadow':
      return 'shadow';
    case 'Off':
      return 'off';
  }
}

/** Name under which a file that holds no readable object is shown. */
const fileKey = (file: string): string => `(file)/${file}`;

/** What the policy of an entry is called in events. */
export const entryName = (entry: StoredPolicy, mask: Pick<PolicyMask, 'text'>): string =>
  entry.name ?? fileKey(mask.text(entry.type === 'rejected' ? entry.rejection.file : entry.file));

/** Which object of a cluster it is. */
const objectOf = ({ uid, generation }: StoredPolicy): Pick<PolicyFields, 'uid' | 'generation'> => ({
  ...(uid === undefined ? {} : { uid }),
  ...(generation === undefined ? {} : { generation }),
});

function errorOf(
  { file, line, code, message, since }: PolicyRejection,
  mask: Pick<PolicyMask, 'text'>,
): NonNullable<PolicyFields['error']> {
  return {
    file: mask.text(file),
    ...(line === undefined ? {} : { line }),
    code,
    message: mask.text(message),
    ...(since === undefined ? {} : { since }),
  };
}

/** Masked: an event goes to recordings and to everyone who watches. Of a rejected file nobody knows what is a secret, so it is not told. */
export function entryFields(entry: StoredPolicy, mask: Pick<PolicyMask, 'mask' | 'text'>): PolicyFields {
  if (entry.type === 'rejected')
    return {
      name: entryName(entry, mask),
      state: 'rejected',
      ...objectOf(entry),
      error: errorOf(entry.rejection, mask),
    };
  const { policy, author } = entry;
  const rejection = entry.type === 'valid' ? entry.rejection : undefined;
  return {
    name: entry.name,
    state: entry.type === 'expired' ? 'expired' : stateOf(policy),
    ...objectOf(entry),
    object: mask.mask(policy),
    ...(policy.spec.expiresAt === undefined ? {} : { expiresAt: policy.spec.expiresAt }),
    ...(author === undefined ? {} : { author: mask.text(author) }),
    ...(rejection === undefined ? {} : { error: errorOf(rejection, mask) }),
  };
}

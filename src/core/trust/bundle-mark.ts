// A short name for what somebody trusts, by which agents say which bundle they have and the hub knows that it is the one that it published. Pure.
import { createHash } from 'node:crypto';

/** The mark of a bundle's very text (PEM), hex. */
export const bundleMark = (bundle: string): string => createHash('sha256').update(bundle).digest('hex');

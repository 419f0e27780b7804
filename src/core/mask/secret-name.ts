// Whether the name of an object gives a secret away. Names are keys: they stand in every event, in answers to callers and in file
// names, and cannot be masked without becoming another object's.
import { credentialClasses } from './classes.ts';
import { findSensitive } from './find.ts';
import { isHexKey } from './looks.ts';

/** True for a name that holds a vendor's key, a random token or hexadecimal of a key's length. */
export function isSecretName(name: string): boolean {
  return (
    findSensitive(name).some(({ cls }) => credentialClasses.has(cls)) || name.split(/[-.]/).some(isHexKey)
  );
}

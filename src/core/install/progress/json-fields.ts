// Fields of JSON that may be anything: what is not as expected counts as not there. Pure.
import { isJsonList, isJsonObject, type Json } from '../kube-object.ts';

/** The field of a value; undefined where there is none. */
export const at = (value: Json | undefined, field: string): Json | undefined =>
  isJsonObject(value) ? value[field] : undefined;

/** A number, or 0. */
export const numberAt = (value: Json | undefined, field: string): number => {
  const found = at(value, field);
  return typeof found === 'number' ? found : 0;
};

/** A text, or ''. */
export const textAt = (value: Json | undefined, field: string): string => {
  const found = at(value, field);
  return typeof found === 'string' ? found : '';
};

/** A list, or an empty one. */
export const listAt = (value: Json | undefined, field: string): readonly Json[] => {
  const found = at(value, field);
  return isJsonList(found) ? found : [];
};

/** The condition of that type in a status. */
export const conditionOf = (status: Json | undefined, type: string): Json | undefined =>
  listAt(status, 'conditions').find((condition) => textAt(condition, 'type') === type);

/** Without its full stop, to be part of a sentence. */
export const unstopped = (text: string): string => text.trim().replace(/\.$/, '');

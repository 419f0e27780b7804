// Which field names the schema knows at a place of an object, for "did you mean". Reads the zod schema; knows no values.
import { z } from 'zod';

type Path = readonly PropertyKey[];

/** Field names allowed at `path` below `schema`, over all members of unions. */
export function knownFields(schema: z.core.$ZodType, path: Path): readonly string[] {
  return [...new Set(schemasAt(schema, path).flatMap(fieldsOf))];
}

function schemasAt(schema: z.core.$ZodType, path: Path): readonly z.core.$ZodType[] {
  const here = members(schema);
  const [head, ...rest] = path;
  if (head === undefined) return here;
  return here.flatMap((member) => {
    const next = child(member, head);
    return next === undefined ? [] : schemasAt(next, rest);
  });
}

/** Sees through optional and unions. */
function members(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional) return members(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(members);
  return [schema];
}

function child(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodArray) return schema.element;
  if (!(schema instanceof z.ZodObject) || typeof key !== 'string' || !Object.hasOwn(schema.shape, key))
    return undefined;
  const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape;
  return shape[key];
}

const fieldsOf = (schema: z.core.$ZodType): readonly string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];

import type { Json } from "../../core/index.ts";
import { isValid } from "./is-valid.ts";
import { prune } from "./prune.ts";
import { readSchema } from "./read-schema.ts";
import { resolved, type Definitions, type ObjectShape, type Shape } from "./shape.ts";

/**
 * How to put values into the order in which the grammar of a schema writes them: properties as declared, others after them as they
 * came. Answers that a model learns from must go through this, or it learns an order that decoding forbids. What the schema does not
 * allow stays as it is.
 */
export function arrangerFor(schema: Json): (value: Json) => Json {
  const definitions: Definitions = new Map();
  const shape = prune(readSchema(schema, "#", { root: schema, definitions }), definitions);
  return (value) => arranged(value, shape, definitions);
}

function arranged(value: Json, shape: Shape, definitions: Definitions): Json {
  if (value === null || typeof value !== "object") return value;
  const target = resolved(shape, definitions);
  if (target?.kind === "union") {
    const option = target.options.find((one) => isValid(value, one, definitions));
    return option === undefined ? value : arranged(value, option, definitions);
  }
  if (target?.kind === "array" && Array.isArray(value)) {
    return value.map((item: Json, index) =>
      arranged(item, target.prefix[index] ?? target.items, definitions),
    );
  }
  if (target?.kind !== "object" || Array.isArray(value)) return value;
  // Arrays were turned away above.
  return ordered(value as { readonly [key: string]: Json }, target, definitions);
}

function ordered(
  value: { readonly [key: string]: Json },
  shape: ObjectShape,
  definitions: Definitions,
): Json {
  const declared = shape.properties.filter(({ name }) => Object.hasOwn(value, name));
  const names = new Set(declared.map(({ name }) => name));
  const others = Object.keys(value).filter((name) => !names.has(name));
  return Object.fromEntries([
    ...declared.map(({ name, shape: inner }) => [name, arranged(value[name], inner, definitions)] as const),
    ...others.map(
      (name) => [name, arranged(value[name], shape.additional ?? { kind: "any" }, definitions)] as const,
    ),
  ]);
}

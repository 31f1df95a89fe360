import { LINEAR_MODULES, parameterShapes, type Adapter, type ModelConfig } from "../model-config.ts";
import { shapesFault, shapesOf } from "./check-weights.ts";

/** Every tensor an adapter must have on this base, with its shape, in a fixed order. Unknown targets have none. */
export function adapterShapes(
  config: ModelConfig,
  adapter: Pick<Adapter, "kind" | "rank" | "targets">,
): ReadonlyMap<string, readonly number[]> {
  const parameters = parameterShapes(config);
  const shapes = new Map<string, readonly number[]>();
  for (let layer = 0; layer < config.layers; layer += 1)
    for (const path of LINEAR_MODULES) {
      if (!adapter.targets.includes(lastName(path))) continue;
      const module = `model.layers.${layer}.${path}`;
      const [rows, columns] = parameters.get(`${module}.weight`) ?? [0, 0];
      shapes.set(`${module}.lora_A`, [adapter.rank, columns]);
      shapes.set(`${module}.lora_B`, [rows, adapter.rank]);
      if (adapter.kind === "dora") shapes.set(`${module}.lora_magnitude_vector`, [rows]);
    }
  return shapes;
}

/** What keeps an adapter from changing this base, or null. */
export function adapterFault(config: ModelConfig, adapter: Adapter): string | null {
  const known = LINEAR_MODULES.map(lastName);
  const foreign = adapter.targets.find((target) => !known.includes(target));
  if (foreign !== undefined)
    return `it changes the module ${JSON.stringify(foreign)}, expected some of ${known.join(", ")}`;
  if (!(adapter.rank >= 1)) return `its rank is ${adapter.rank}, expected at least 1`;
  if (!Number.isFinite(adapter.alpha)) return `its alpha is ${adapter.alpha}, expected a number`;
  return shapesFault(adapterShapes(config, adapter), shapesOf(adapter.tensors));
}

/** The last names of the modules that tensors change, in the order of `LINEAR_MODULES`, then foreign ones. */
export function targetsOf(modules: Iterable<string>): readonly string[] {
  const found = new Set([...modules].map(lastName));
  const known = LINEAR_MODULES.map(lastName).filter((name) => found.delete(name));
  return [...known, ...found];
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

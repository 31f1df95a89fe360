import type { Task } from "../core/index.ts";
import { once, type Store } from "../store/index.ts";
import { curate, type Curated, type CurateOptions } from "./curate.ts";

/** Raised when curation makes something else of the same calls. */
const CURATE_VERSION = 3;

/** Style and form of a task's answers. */
export type Curation = Pick<Curated, "style" | "form">;

/** Makes a task's examples and drops in the store, unless its calls and templates are those of the last time. */
export function curateTask(store: Store, task: Task, options: CurateOptions): Curation {
  const ids = store.tasks.callIds(task.id);
  const input = [CURATE_VERSION, task, ids, options.seed];
  return once(store, `curate:${task.id}`, input, () => {
    const { examples, drops, style, form } = curate(task, store.calls.iterate({ ids }), options);
    store.examples.replaceForTask(task.id, examples, drops);
    return { style, form };
  });
}

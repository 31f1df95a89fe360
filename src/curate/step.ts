import type { AnswerStyle, Task } from "../core/index.ts";
import { once, type Store } from "../store/index.ts";
import { curate, type CurateOptions } from "./curate.ts";

/** Raised when curation makes other examples of the same calls. */
const CURATE_VERSION = 2;

/** Makes a task's examples and drops in the store, unless its calls and templates are those of the last time. Returns the style of its answers. */
export function curateTask(store: Store, task: Task, options: CurateOptions): AnswerStyle {
  const ids = store.tasks.callIds(task.id);
  const input = [CURATE_VERSION, task, ids, options.seed];
  return once(store, `curate:${task.id}`, input, () => {
    const { examples, drops, style } = curate(task, store.calls.iterate({ ids }), options);
    store.examples.replaceForTask(task.id, examples, drops);
    return style;
  });
}

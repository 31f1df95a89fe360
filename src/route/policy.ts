import type { Certificate, Task } from "../core/index.ts";
import { contentHash } from "../core/index.ts";
import { loadSpecialist, policyHashOf, type Calibration, type SpecialistModel } from "../models/index.ts";
import type { SpecialistRow, Store } from "../store/index.ts";

/** A task that a specialist may answer, by a certificate that holds. */
export type PolicyEntry = {
  readonly taskId: string;
  readonly taskName: string;
  readonly specialistId: string;
  /** The least calibrated score that the certificate is about. */
  readonly threshold: number;
  readonly certificate: Certificate;
  readonly model: SpecialistModel;
};

export type Policy = {
  readonly entries: ReadonlyMap<string, PolicyEntry>;
  /** Certified tasks whose specialist cannot be used, and why: the provider answers them. */
  readonly problems: readonly { readonly taskId: string; readonly message: string }[];
  /** Equal for equal policies. */
  readonly version: string;
};

export const emptyPolicy: Policy = { entries: new Map(), problems: [], version: "" };

/** What `loadPolicy` reads of a store. */
export type PolicySource = {
  readonly tasks: Pick<Store["tasks"], "all">;
  readonly certificates: Pick<Store["certificates"], "latest">;
  readonly specialists: Pick<Store["specialists"], "get" | "artifact">;
  /** Folder of the base of generative specialists; the shipped one when not given. */
  readonly base?: string;
};

/**
 * What the newest certificates allow. `before` lends its loaded specialists, so that a reload costs only what changed.
 * A specialist that cannot be loaded is a problem of its task, not of the gateway.
 */
export async function loadPolicy(store: PolicySource, before: Policy = emptyPolicy): Promise<Policy> {
  const entries = new Map<string, PolicyEntry>();
  const problems: { taskId: string; message: string }[] = [];
  // Read at one moment, before anything is waited for: what changes meanwhile is another version.
  const version = versionOf(store);
  const tasks = new Map(store.tasks.all().map((task) => [task.id, task]));
  const certificates = [...store.certificates.latest()];
  for (const [taskId, certificate] of certificates) {
    if (certificate.verdict !== "certified" || certificate.threshold === null) continue;
    const task = tasks.get(taskId);
    // The task was found anew under another id: nothing can be assigned to it.
    if (task === undefined) continue;
    try {
      const held = { ...certificate, threshold: certificate.threshold };
      entries.set(taskId, await entryOf(task, held, store, before));
    } catch (error) {
      problems.push({ taskId, message: (error as Error).message });
    }
  }
  return { entries, problems, version };
}

/** Frees the specialists of a policy that its successor does not use. */
export async function closePolicy(policy: Policy, successor: Policy = emptyPolicy): Promise<void> {
  const used = new Set([...successor.entries.values()].map(({ model }) => model));
  const unused = [...policy.entries.values()].filter(({ model }) => !used.has(model));
  await Promise.all(unused.map(({ model }) => model.close()));
}

/** Changes when a certificate or a task does; about 2 ms for 30 tasks, cheap enough to ask every few seconds. */
export function versionOf(store: Pick<PolicySource, "certificates" | "tasks">): string {
  const facts = [...store.certificates.latest()].map(([taskId, certificate]) => {
    const { specialistId, policyHash, verdict, threshold, attempt } = certificate;
    return [taskId, { specialistId, policyHash, verdict, threshold, attempt }];
  });
  return contentHash({ certificates: Object.fromEntries(facts), tasks: store.tasks.all() });
}

type Held = Certificate & { readonly specialistId: string; readonly threshold: number };

async function entryOf(
  task: Task,
  certificate: Held,
  store: PolicySource,
  before: Policy,
): Promise<PolicyEntry> {
  const { specialistId, threshold } = certificate;
  const row = store.specialists.get(specialistId);
  if (row === null) throw new RangeError(`Cannot serve specialist "${specialistId}": it is not in the store`);
  if (policyHashOf(row.id, row.info, task) !== certificate.policyHash) {
    const what = "templates, specialist or code have changed since; certify again";
    throw new RangeError(`Cannot serve specialist "${specialistId}": its certificate is void: ${what}`);
  }
  // The id is the hash of artifact, calibration and style: a loaded specialist never goes stale.
  const known = before.entries.get(task.id);
  const model = known?.specialistId === specialistId ? known.model : await modelOf(row, store);
  return { taskId: task.id, taskName: task.name, specialistId, threshold, certificate, model };
}

function modelOf(row: SpecialistRow, store: PolicySource): Promise<SpecialistModel> {
  const parts = { familyKind: row.family, artifact: store.specialists.artifact(row.id), ...infoOf(row) };
  return loadSpecialist(parts, store.base);
}

// Written by `train` in this form.
function infoOf(row: SpecialistRow): { calibration: Calibration; style: SpecialistModel["style"] } {
  const { calibration, style } = row.info;
  if (!isFields(calibration) || !isFields(style)) {
    throw new RangeError(`Cannot serve specialist "${row.id}": its calibration or style is missing`);
  }
  return { calibration: calibration as Calibration, style: style as SpecialistModel["style"] };
}

function isFields(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

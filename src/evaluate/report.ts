import type { Certificate, FamilyForm, Task } from "../core/index.ts";
import { costOf, type PriceTable } from "../models/index.ts";
import { lossesOf, noLosses, sumLosses, type Losses } from "./account.ts";
import { medianOf } from "./median.ts";
import type { Picture } from "./picture.ts";
import { holdsFor, pictureFor } from "./step.ts";
import type { CallMeta, SpecialistRow, Store } from "../store/index.ts";

/** Where a task stands. */
export type TaskState = "observe" | "shadow" | "live";

/** What of a certificate is told; `needs` only where it is known. */
type ShownCertificate = Omit<Certificate, "taskId" | "policyHash" | "window" | "latencyMsP50" | "needs"> & {
  readonly needs?: number;
};

export type TaskReport = {
  readonly id: string;
  readonly name: string;
  readonly kind: Task["kind"];
  readonly calls: number;
  readonly sessions: number;
  /** Of all calls in the store. */
  readonly share: number;
  readonly promptVersions: number;
  readonly state: TaskState;
  readonly specialist: {
    readonly kind: string;
    readonly parameters: number;
    readonly bytes: number;
    /** Measured while certifying; null when nothing was. */
    readonly latencyMsP50: number | null;
  } | null;
  readonly certificate: ShownCertificate | null;
  /** Why there is no specialist; null when there is one. */
  readonly why: string | null;
  /** What the specialist's family can say at all, else the most able one; null where none was looked at. */
  readonly form: ShownForm | null;
  /** Recorded answers that are likely wrong, and the share that seems wrong at random; null where too few were looked at. */
  readonly suspects: number | null;
  readonly noise: number | null;
  /** Score and agreement on the certification sample; null without one. */
  readonly picture: Picture | null;
  /** Shares of the task's calls that are not certified, by cause. */
  readonly losses: Losses;
  /** The recorded model's median latency; null when the log has none. */
  readonly providerLatencyMsP50: number | null;
  /** Cost of the task's calls as recorded; null when a price or the usage is unknown for all of them. */
  readonly costUsd: number | null;
  /** Calls left out of training and certifying, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
};

export type ShownForm = {
  readonly family: string;
  readonly summary: string;
  readonly cannot: string;
  /** Share of answers it can give, of n examples. */
  readonly ceiling: number;
  readonly n: number;
  /** The same of every family looked at, the most able first. */
  readonly families: readonly { readonly family: string; readonly ceiling: number }[];
};

export type Report = {
  readonly calls: number;
  readonly sessions: number;
  readonly tasks: readonly TaskReport[];
  /** Calls of no task. */
  readonly unassigned: number;
  /** Σ share × coverage over certified tasks: the share of calls specialists may answer. */
  readonly certifiedShare: number;
  /** 95 % interval of it, from the sampling of the coverages; null when nothing is certified. */
  readonly certifiedShareInterval: readonly [number, number] | null;
  /** Shares of all calls that are not certified, by cause. */
  readonly losses: Losses;
  /** As recorded, and with the certified share served here. Null when no price is known. */
  readonly costUsd: {
    readonly before: number | null;
    readonly after: number | null;
    readonly unpricedCalls: number;
    readonly pricesAsOf: string;
  };
};

/** What the last training run of a task told. */
export type TrainingTold = {
  readonly why: string | null;
  readonly cause: "few-calls" | "form" | null;
  readonly doubts: {
    readonly noise: number | null;
    readonly n: number;
    readonly suspects: readonly unknown[];
  };
  readonly forms: readonly FamilyForm[];
};

export type ReportOptions = {
  readonly prices: PriceTable;
  /** Null when the task was never trained. */
  readonly trainingOf: (taskId: string) => TrainingTold | null;
};

/** The present state of a store. Costs nothing but a pass over the metadata. */
export function buildReport(store: Store, { prices, trainingOf }: ReportOptions): Report {
  const { calls, sessions } = store.calls.count();
  const certificates = store.certificates.latest();
  const taskOf = new Map([...store.tasks.iterateAssignments()].map(({ callId, taskId }) => [callId, taskId]));
  const ledger = sumUp(store.calls.iterateMeta(), taskOf, prices);
  const tasks = store.tasks.all().map((task): TaskReport => {
    const latest = certificates.get(task.id);
    const certificate = latest !== undefined && holdsFor(store, latest, task) ? latest : null;
    const specialist = certificate === null ? null : store.specialists.get(certificate.specialistId);
    const sums = ledger.get(task.id) ?? emptySums();
    const told = trainingOf(task.id);
    const form = told === null ? null : formOf(told, specialist?.family);
    const picture = certificate === null ? null : pictureFor(store, certificate);
    return {
      id: task.id,
      name: task.name,
      kind: task.kind,
      calls: task.calls,
      sessions: task.sessions,
      share: calls === 0 ? 0 : task.calls / calls,
      promptVersions: task.variants.length,
      state: stateOf(certificate),
      specialist: specialist === null ? null : specialistOf(specialist, certificate?.latencyMsP50 ?? null),
      certificate: certificate === null ? null : certificateOf(certificate),
      why: specialist === null ? (told?.why ?? "not trained yet") : null,
      form,
      suspects: told === null || told.doubts.noise === null ? null : told.doubts.suspects.length,
      noise: told?.doubts.noise ?? null,
      picture,
      losses: lossesIn({ certificate, picture, form, told }),
      providerLatencyMsP50: medianOf(sums.latencies),
      costUsd: sums.priced === 0 ? null : sums.costUsd,
      dropped: Object.fromEntries(store.examples.dropCounts(task.id).map((row) => [row.reason, row.calls])),
    };
  });
  const ordered = tasks.sort((a, b) => b.calls - a.calls || (a.id < b.id ? -1 : 1));
  return { calls, sessions, tasks: ordered, ...headline(ordered, calls, ledger, prices) };
}

function stateOf(certificate: Certificate | null): TaskState {
  if (certificate === null || certificate.verdict === "refused") return "observe";
  return certificate.verdict === "certified" ? "live" : "shadow";
}

function specialistOf(row: SpecialistRow, latencyMsP50: number | null): TaskReport["specialist"] {
  return {
    kind: row.family,
    parameters: row.description.parameters,
    bytes: row.bytes,
    latencyMsP50,
  };
}

function certificateOf(certificate: Certificate): ShownCertificate {
  const {
    epsilon,
    delta,
    n,
    k,
    sample,
    threshold,
    coverage,
    bestCoverage,
    upper,
    verdict,
    needs,
    reason,
    attempt,
  } = certificate;
  return {
    epsilon,
    delta,
    n,
    k,
    sample,
    threshold,
    coverage,
    bestCoverage,
    upper,
    verdict,
    ...(needs === null ? {} : { needs }),
    reason,
    attempt,
  };
}

function formOf({ forms }: TrainingTold, family: string | undefined): ShownForm | null {
  const shown = forms.find((form) => form.family === family) ?? forms.at(0);
  if (shown === undefined) return null;
  const { can, cannot, ceiling, n } = shown;
  const families = forms.map((form) => ({ family: form.family, ceiling: form.ceiling }));
  return { family: shown.family, summary: can, cannot, ceiling, n, families };
}

type Standing = Pick<TaskReport, "picture" | "form"> & {
  readonly certificate: Certificate | null;
  readonly told: TrainingTold | null;
};

function lossesIn({ certificate, picture, form, told }: Standing): Losses {
  if (certificate === null) return { ...noLosses, [told?.cause === "form" ? "form" : "untrained"]: 1 };
  const { coverage, epsilon } = certificate;
  if (picture === null) return { ...noLosses, sample: 1 - coverage };
  const noise = told?.doubts.noise ?? 0;
  return lossesOf({ coverage, epsilon, picture, ceiling: form?.ceiling ?? 1, noise });
}

type Sums = { costUsd: number; priced: number; unpriced: number; latencies: number[] };

const emptySums = (): Sums => ({ costUsd: 0, priced: 0, unpriced: 0, latencies: [] });
/** The key of calls of no task. */
const NO_TASK = "";

function sumUp(
  calls: Iterable<CallMeta>,
  taskOf: ReadonlyMap<string, string>,
  prices: PriceTable,
): Map<string, Sums> {
  const ledger = new Map<string, Sums>();
  for (const call of calls) {
    const key = taskOf.get(call.id) ?? NO_TASK;
    const sums = ledger.get(key) ?? emptySums();
    ledger.set(key, sums);
    if (call.status < 400 && call.latencyMs !== null && call.servedBy === "provider")
      sums.latencies.push(call.latencyMs);
    const cost = call.servedBy === "specialist" ? 0 : costOf(call.model, call, prices);
    // A failed call costs nothing and needs no price.
    if (cost === null && call.status < 400) sums.unpriced += 1;
    else {
      sums.priced += 1;
      sums.costUsd += cost ?? 0;
    }
  }
  return ledger;
}

function headline(
  tasks: readonly TaskReport[],
  calls: number,
  ledger: ReadonlyMap<string, Sums>,
  prices: PriceTable,
): Pick<Report, "unassigned" | "certifiedShare" | "certifiedShareInterval" | "losses" | "costUsd"> {
  const certified = tasks.flatMap((task) =>
    task.certificate?.verdict === "certified" ? [{ task, certificate: task.certificate }] : [],
  );
  const certifiedShare = certified.reduce(
    (sum, { task, certificate }) => sum + task.share * certificate.coverage,
    0,
  );
  const variance = certified.reduce(
    (sum, { task, certificate: { coverage, sample } }) =>
      sum + (task.share ** 2 * coverage * (1 - coverage)) / sample,
    0,
  );
  const margin = 1.96 * Math.sqrt(variance);
  const sums = [...ledger.values()];
  const priced = sums.reduce((sum, { priced }) => sum + priced, 0);
  const before = priced === 0 ? null : sums.reduce((sum, { costUsd }) => sum + costUsd, 0);
  const saved = certified.reduce(
    (sum, { task, certificate }) => sum + (task.costUsd ?? 0) * certificate.coverage,
    0,
  );
  const unassigned = calls - tasks.reduce((sum, task) => sum + task.calls, 0);
  const oneOff = { share: calls === 0 ? 0 : unassigned / calls, losses: { ...noLosses, "one-off": 1 } };
  return {
    unassigned,
    losses: sumLosses([...tasks, oneOff]),
    certifiedShare,
    certifiedShareInterval:
      certified.length === 0
        ? null
        : [Math.max(0, certifiedShare - margin), Math.min(1, certifiedShare + margin)],
    costUsd: {
      before,
      after: before === null ? null : before - saved,
      unpricedCalls: sums.reduce((sum, { unpriced }) => sum + unpriced, 0),
      pricesAsOf: prices.asOf,
    },
  };
}

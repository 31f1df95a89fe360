import {
  HouseError,
  type AnswerStyle,
  type Certificate,
  type Example,
  type Json,
  type Task,
} from "../core/index.ts";
import { loadSpecialist, policyHashOf, type Calibration } from "../models/index.ts";
import type { SpecialistRow, Store } from "../store/index.ts";
import { certify } from "./certify.ts";
import { outcomesOf, type Judged, type ServingRules } from "./outcomes.ts";
import { pictureOf, type Picture } from "./picture.ts";
import { onePerSession } from "./sample.ts";

export type CertifyStep = {
  readonly task: Task;
  readonly specialistId: string;
  readonly epsilon: number;
  readonly delta: number;
  readonly seed: number;
  readonly rules: ServingRules;
  /** Folder of the base of generative specialists; the shipped one when not given. */
  readonly base?: string;
  readonly signal?: AbortSignal;
};

export type HeldCertificate = Certificate & { readonly specialistId: string };

/**
 * Certifies a specialist on the certification part of its task, one call per session, and keeps the certificate. The
 * same question about the same policy is not asked twice: the first answer stands, and no delta is spent on luck.
 */
export async function certifyStep(store: Store, step: CertifyStep): Promise<HeldCertificate | null> {
  const { task, specialistId, epsilon, delta, seed } = step;
  const row = store.specialists.get(specialistId);
  if (row === null) return null;
  const policyHash = policyHashOf(specialistId, row.info, task);
  const before = store.certificates.forTask(task.id);
  const sample = onePerSession(store.examples.forTask(task.id, ["certification"]), seed);
  mustBeUnseen(store, row, sample, seed);
  const isSame = (held: HeldCertificate): boolean =>
    held.policyHash === policyHash &&
    held.epsilon === epsilon &&
    held.sample === sample.length &&
    held.delta <= delta;
  const asked = before.filter(isSame).at(-1);
  if (asked !== undefined) return keep(store, asked);
  const outcomes = await judge(store, row, sample, step);
  const times = sample.flatMap(({ at }) => (at === null ? [] : [at])).sort();
  const certificate = certify({
    taskId: task.id,
    policyHash,
    outcomes,
    epsilon,
    delta,
    // Every other specialist, and every larger sample, asked about before was a try at the same promise.
    attempt:
      1 + triesOf(before.filter((held) => held.policyHash !== policyHash || held.sample !== sample.length)),
    unserved: outcomes.unserved,
    shareCertifying: sample.length / Math.max(1, task.calls),
    calibrationRisk: calibrationRiskOf(row),
    window: times.length === 0 ? null : { from: times[0], to: times[times.length - 1] },
    latencyMsP50: outcomes.latencyMsP50,
  });
  const picture = pictureOf(outcomes, outcomes.unserved);
  store.runs.put(pictureStage(task.id), policyHash, JSON.parse(JSON.stringify(picture)) as Json);
  return keep(store, { ...certificate, specialistId });
}

const pictureStage = (taskId: string): string => `picture:${taskId}`;

/** How score and agreement went together on the sample of a certificate; null for one of an older program. */
export function pictureFor(store: Store, { taskId, policyHash }: Certificate): Picture | null {
  // What certifyStep put there.
  return (store.runs.find(pictureStage(taskId), policyHash) as Picture | undefined) ?? null;
}

async function judge(
  store: Store,
  row: SpecialistRow,
  sample: readonly Example[],
  { rules, base, signal }: CertifyStep,
): Promise<Judged> {
  const ids = sample.map(({ callId }) => callId);
  const model = await loadSpecialist(partsOf(store, row), base);
  try {
    return await outcomesOf(model, store.calls.iterate({ ids }), rules, signal);
  } finally {
    await model.close();
  }
}

/** Different tests made: the same policy on the same sample is one, at whatever epsilon. */
function triesOf(certificates: readonly HeldCertificate[]): number {
  return new Set(certificates.map(({ policyHash, sample }) => `${policyHash}:${sample}`)).size;
}

/** A specialist is judged on the split it was trained under, and on no call it learnt from. Throws HouseError bad-usage. */
function mustBeUnseen(store: Store, row: SpecialistRow, sample: readonly Example[], seed: number): void {
  const fix = "run understudy train again";
  if (row.info["seed"] !== seed) {
    throw new HouseError(
      "bad-usage",
      `Cannot certify under seed ${seed}: the specialist was trained under seed ${JSON.stringify(row.info["seed"])}; ${fix}`,
    );
  }
  const learnt = sample.find(({ callId }) => store.lineage(callId)?.specialists.includes(row.id));
  if (learnt === undefined) return;
  throw new HouseError(
    "bad-usage",
    `Cannot certify on call "${learnt.callId}": the specialist has learnt from it; ${fix}`,
  );
}

/** The newest certificate of a task is the one that counts; one asked about again becomes the newest again. */
function keep(store: Store, certificate: HeldCertificate): HeldCertificate {
  const latest = store.certificates.forTask(certificate.taskId).at(-1);
  if (JSON.stringify(latest) !== JSON.stringify(certificate)) store.certificates.put(certificate);
  return certificate;
}

function partsOf(store: Store, { id, family, info }: SpecialistRow): Parameters<typeof loadSpecialist>[0] {
  // Written by `train` in this form.
  const { calibration, style } = info as { calibration: Calibration; style: AnswerStyle };
  return { familyKind: family, artifact: store.specialists.artifact(id), calibration, style };
}

/** The disagreement on all calls that the calibration part showed; null when there was none to see. */
function calibrationRiskOf({ info }: SpecialistRow): number | null {
  const { calibrationExamples, calibrationErrors } = info;
  const isKnown =
    typeof calibrationExamples === "number" &&
    typeof calibrationErrors === "number" &&
    calibrationExamples > 0;
  return isKnown ? calibrationErrors / calibrationExamples : null;
}

/** Whether a certificate is about what would be served now: any change of specialist, templates or code voids it. */
export function holdsFor(store: Store, certificate: HeldCertificate, task: Task): boolean {
  const row = store.specialists.get(certificate.specialistId);
  return row !== null && policyHashOf(row.id, row.info, task) === certificate.policyHash;
}

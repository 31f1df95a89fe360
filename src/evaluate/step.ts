import type { AnswerStyle, Certificate, Task } from "../core/index.ts";
import { loadSpecialist, policyHashOf, type Calibration } from "../models/index.ts";
import type { SpecialistRow, Store } from "../store/index.ts";
import { certify } from "./certify.ts";
import { outcomesOf, type ServingRules } from "./outcomes.ts";
import { onePerSession } from "./sample.ts";

export type CertifyStep = {
  readonly task: Task;
  readonly specialistId: string;
  readonly epsilon: number;
  readonly delta: number;
  readonly seed: number;
  readonly rules: ServingRules;
};

export type HeldCertificate = Certificate & { readonly specialistId: string };

/**
 * Certifies a specialist on the certification part of its task, one call per session, and keeps the certificate. The
 * same question about the same policy is not asked twice: the first answer stands, and no delta is spent on luck.
 */
export function certifyStep(store: Store, step: CertifyStep): HeldCertificate | null {
  const { task, specialistId, epsilon, delta, seed } = step;
  const row = store.specialists.get(specialistId);
  if (row === null) return null;
  const policyHash = policyHashOf(specialistId, row.info, task);
  const before = store.certificates.forTask(task.id);
  const sample = onePerSession(store.examples.forTask(task.id, ["certification"]), seed);
  const isSame = (held: HeldCertificate): boolean =>
    held.policyHash === policyHash &&
    held.epsilon === epsilon &&
    held.sample === sample.length &&
    held.delta <= delta;
  const asked = before.filter(isSame).at(-1);
  if (asked !== undefined) return keep(store, asked);
  const ids = sample.map(({ callId }) => callId);
  const outcomes = outcomesOf(loadSpecialist(partsOf(store, row)), store.calls.iterate({ ids }), step.rules);
  const times = sample.flatMap(({ at }) => (at === null ? [] : [at])).sort();
  const certificate = certify({
    taskId: task.id,
    policyHash,
    outcomes,
    epsilon,
    delta,
    // Every other policy asked about on this task at this epsilon was a try at the same promise.
    attempt:
      1 + new Set(before.filter((held) => held.epsilon === epsilon).map((held) => held.policyHash)).size,
    shareCertifying: sample.length / Math.max(1, task.calls),
    calibrationRisk: calibrationRiskOf(row),
    window: times.length === 0 ? null : { from: times[0], to: times[times.length - 1] },
    latencyMsP50: outcomes.latencyMsP50,
  });
  return keep(store, { ...certificate, specialistId });
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

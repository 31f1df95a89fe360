export { CAUSES, type Cause, type Losses } from "./account.ts";
export { certify, spendDelta, type CertificateQuestion, type Outcomes } from "./certify.ts";
export { outcomesOf, type ServingRules } from "./outcomes.ts";
export type { Picture } from "./picture.ts";
export { onePerSession } from "./sample.ts";
export {
  buildReport,
  type Report,
  type ReportOptions,
  type ShownForm,
  type TaskReport,
  type TaskState,
  type TrainingTold,
} from "./report.ts";
export { certifyStep, holdsFor, type CertifyStep, type HeldCertificate } from "./step.ts";

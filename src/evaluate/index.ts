export { certify, spendDelta, type CertificateQuestion, type Outcomes } from "./certify.ts";
export { outcomesOf, type ServingRules } from "./outcomes.ts";
export { onePerSession } from "./sample.ts";
export { buildReport, type Report, type ReportOptions, type TaskReport, type TaskState } from "./report.ts";
export { certifyStep, holdsFor, type CertifyStep, type HeldCertificate } from "./step.ts";

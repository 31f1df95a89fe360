export { fitCappedPlatt, predictCappedPlatt, type CappedPlattModel } from "./calibrate/capped-platt.ts";
export { chanceWrong, fitDoubt, type DoubtModel, type Held } from "./calibrate/doubt.ts";
export { fitIsotonic, predictIsotonic, type IsotonicModel } from "./calibrate/isotonic.ts";
export { fitPlatt, predictPlatt, type PlattModel } from "./calibrate/platt.ts";
export { brier, expectedCalibrationError } from "./calibrate/reliability.ts";
export { auroc, coverageAtRisk, riskCoverage, type RiskCoveragePoint } from "./calibrate/selection.ts";
export { fitTemperature, softmaxAt } from "./calibrate/temperature.ts";
export { bet, isCertifiedByBetting, startBetting, type BettingState } from "./stats/betting.ts";
export { binomCdf } from "./stats/binomial.ts";
export { bestCoverage } from "./stats/best-coverage.ts";
export { callsNeeded } from "./stats/calls-needed.ts";
export {
  certifyThreshold,
  type CertifiedThreshold,
  type ThresholdQuestion,
  type ThresholdSearch,
  type ThresholdTest,
} from "./stats/certify-threshold.ts";
export { clopperPearsonInterval, clopperPearsonUpper, minCalls } from "./stats/clopper-pearson.ts";
export { DRIFT_RATES, isAlarmed, startDriftAlarm, watch, type DriftAlarm } from "./stats/drift-alarm.ts";
export { lnGamma } from "./stats/gamma.ts";
export { hoeffdingBentkusP } from "./stats/hoeffding-bentkus.ts";
export { planSearch, type SearchPlan } from "./stats/plan-search.ts";
export { lexicalFamilies } from "./families/index.ts";
export type { LexicalFamily, LexicalSpecialist } from "./families/lexical.ts";
export { closedSet } from "./families/closed-set.ts";
export { optionRanker } from "./families/option-ranker.ts";
export { ceilingOf, expectedCeiling, outputFormOf, type OutputForm } from "./families/output-form.ts";

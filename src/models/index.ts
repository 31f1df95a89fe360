export { families, familiesOn, familyOf } from "./families.ts";
export { plainFold, streamFold } from "./protocols/chat/fold.ts";
export { ANSWER_VERSION, policyHashOf } from "./policy-hash.ts";
export { parseChatRequest } from "./protocols/chat/request.ts";
export { costOf, LIST_PRICES, priceOf, type Price, type PriceTable } from "./prices.ts";
export type { FoldedAnswer, Headers } from "./provider.ts";
export type {
  AnswerIdentity,
  AnswerStep,
  Counts,
  Fold,
  ParsedRequest,
  Protocol,
  ProtocolName,
  SaidInPath,
  StepReader,
  StepWriter,
  WrittenError,
  WrittenRequest,
} from "./protocol.ts";
export { SPECIALIST_CALL_PREFIX } from "./protocols/ids.ts";
export { recordedFormOf, type RecordedForm } from "./protocols/recorded-form.ts";
export { protocols } from "./protocols/protocols.ts";
export { stepsOf } from "./protocols/response-steps.ts";
export { answerHead, answerId, OWN_RESPONSE_PREFIX, writeResponse } from "./protocols/writing.ts";
export { readRecordedCalls, type RecordedCall } from "./recorded-log.ts";
export { ADAPTER_FORMS, BASE_FORMS, exportBase, exportSpecialist, type Exported } from "./export/export.ts";
export { findBaseOf, GENERATIVE_KIND, openBase } from "./generative/index.ts";
export {
  readSavedSpecialist,
  saveSpecialist,
  specialistIdOf,
  type SavedFolder,
  type SavedSpecialist,
} from "./saved-specialist.ts";
export { modelList, replayProvider, requestKey } from "./replay.ts";
export { scriptedProvider } from "./scripted.ts";
export {
  calibratedScore,
  logOdds,
  loadSpecialist,
  mapAnswer,
  messageOf,
  type Calibration,
  type SpecialistAnswer,
  type SpecialistModel,
  type SpecialistParts,
} from "./specialist-model.ts";
export { CATALOGUE, CATALOGUE_CHECKED, LEFT_OUT } from "./catalogue/catalogue.ts";
export { finestFit, memoryOf, PRECISIONS, type Memory, type Precision } from "./catalogue/memory.ts";
export { runsHere, type Licence, type OpenModel } from "./catalogue/open-model.ts";
export { folderOf, parseHubName, type HubName } from "./hub/name.ts";
export {
  DEFAULT_ENDPOINT,
  PULLED_FILE,
  pullModel,
  type PulledModel,
  type PullEffects,
  type PullOptions,
} from "./hub/pull.ts";
export { concealed } from "./upstream/account.ts";
export { awsIn } from "./providers/bedrock.ts";
export { providerFiles } from "./providers/providers.ts";
export type { UpstreamSink } from "./upstream/ask.ts";
export { passedBack } from "./upstream/headers.ts";
export {
  headerValue,
  NAME as HEADER_NAME,
  UNFIT_IN_VALUE as UNFIT_IN_HEADER,
} from "./upstream/http1/header-text.ts";
export { httpTransport, UPSTREAM_TIMEOUTS } from "./upstream/http-transport.ts";
export { learnFrom } from "./upstream/learn-from.ts";
export type { MadeAnswer, MadeQuestion } from "./upstream/in-process.ts";
export {
  MAX_KEPT_IN_ALL_BYTES,
  Passage,
  type AnswerEnd,
  type ClientSink,
  type Holds,
  type KeptBytes,
} from "./upstream/passage.ts";
export type {
  Account,
  AnswerSink,
  Exchange,
  Operation,
  ProviderFile,
  Timeouts,
  Transport,
} from "./upstream/types.ts";
export {
  createUpstreams,
  type ModelRoute,
  type Place,
  type Question,
  type UpstreamProvider,
  type Upstreams,
  type UpstreamsOptions,
} from "./upstream/upstreams.ts";

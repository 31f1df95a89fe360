export { agrees, answerOf, canonicalAnswer, unfence, type Answer, type AnswerCall } from "./answer.ts";
export {
  textOf,
  type Call,
  type ChatRequest,
  type ChatResponse,
  type ContentPart,
  type Message,
  type Tool,
  type ToolCall,
  type Usage,
} from "./call.ts";
export { conversationOf, Session } from "./conversation.ts";
export type { Certificate, Verdict } from "./certificate.ts";
export { silentLog, type Effects, type Log, type LogLine, type Progress } from "./effects.ts";
export { ERROR_CODES, HouseError, type ErrorCode } from "./errors.ts";
export type { DropReason, Example, Part } from "./example.ts";
export { bytesHash, contentHash, hash32 } from "./hash.ts";
export { canonicalJson, jsonDepth, MAX_JSON_DEPTH, parseJson, type Json } from "./json.ts";
export { Members, NOWHERE, type Member } from "./members.ts";
export { seededRandom, type Random } from "./random.ts";
export type {
  FamilyForm,
  FitOptions,
  HeldOut,
  Prediction,
  Specialist,
  SpecialistDescription,
  SpecialistFamily,
  TaskProfile,
  TrainingExample,
} from "./specialist.ts";
export {
  plainStyle,
  writeJson,
  type AnswerStyle,
  type Assignment,
  type InputPart,
  type Task,
  type TaskForm,
  type TaskInput,
  type TaskKind,
  type Template,
  type ToolForm,
  type Variant,
} from "./task.ts";

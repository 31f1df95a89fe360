export {
  loadSpecialist,
  mapAnswer,
  messageOf,
  type SpecialistAnswer,
  type SpecialistModel,
  type SpecialistParts,
} from "./specialist-model.ts";

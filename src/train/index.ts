export type { Doubts, Suspect } from "./doubts.ts";
export { createFitPool, sameThread, type FitPool } from "./pool.ts";
export { lastTraining, trainStep, type Training, type TrainStep } from "./step.ts";
export {
  trainTask,
  worthOf,
  type TaskTraining,
  type Trained,
  type TrainingJob,
  type Tried,
} from "./train.ts";

export { createAssigner, type Assigner } from "./assign.ts";
export { discover, type Discovery } from "./discover.ts";

import { parentPort, workerData } from "node:worker_threads";
import { solveClasses, type SvmJob } from "./svm.ts";

// The entry of a thread: it runs when it is loaded, as an entry does. What svm-threads.ts hands in.
solveClasses(workerData as SvmJob);
parentPort?.postMessage("done");

import { existsSync, readdirSync } from "node:fs";
import { segmentsFolderOf, stateOf, writersIn, type Store } from "../store/index.ts";
import type { Finding } from "./doctor-gateway.ts";
import { bytes, count } from "./print.ts";

/** What lies between the gateway and the database, and whether anything of it is damaged. */
export function checkRecording(store: Pick<Store, "recording">, folder: string): Finding {
  const dir = segmentsFolderOf(folder);
  const damaged = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith(".damaged")) : [];
  const { open, aside } = store.recording.counts();
  const alive = writersIn(dir).filter(({ isAlive }) => isAlive).length;
  const detail = [
    `${count(alive)} gateways write`,
    `${bytes(stateOf(dir).bytes)} of segments`,
    `${count(open)} calls under way`,
    ...(aside > 0 ? [`${count(aside)} calls put aside: they cannot be read`] : []),
    ...damaged.map((name) => `${name} cannot be read`),
  ].join(", ");
  const fix =
    damaged.length > 0
      ? `look at ${dir}: put the files back from a backup as ….segment, or remove them`
      : aside > 0
        ? "update understudy, then: understudy fold"
        : null;
  return { check: "recording", isOk: fix === null, detail, fix };
}

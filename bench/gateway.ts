import { writeSection } from "./mixed/section.ts";
import { measureAll, PEERS } from "./gateway/measure.ts";
import { jsonOf, textOf } from "./gateway/report.ts";
import { runExtra, runExtras, type Extras } from "./gateway/extras.ts";
import { soak } from "./gateway/soak.ts";

// What a gateway costs: `npm run bench:gateway [-- --quick] [--json] [--peers a,b] [--rounds N] [--write]`, or one part:
// `--soak MINUTES [--rate N]`, `--only overload`, `--only idle-streams`.
// The gateway runs on core 0, the load and the provider on core 1, all peers in interleaved rounds of one run.

const flags = process.argv.slice(2);
const isQuick = flags.includes("--quick");
const valueOf = (name: string): string | undefined => {
  const at = flags.indexOf(name);
  return at < 0 ? undefined : flags[at + 1];
};
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const soakMinutes = valueOf("--soak");
const only = valueOf("--only");
if (only !== undefined) {
  process.stdout.write(`${JSON.stringify(await runExtra(only))}\n`);
} else if (soakMinutes === undefined) {
  const peers = valueOf("--peers")?.split(",") ?? PEERS;
  const rounds = Number(valueOf("--rounds") ?? (isQuick ? 2 : 5));
  const measured = await measureAll({ peers, rounds, isQuick, say });
  const extras: Extras | null = isQuick ? null : await runExtras(say);
  if (flags.includes("--json")) process.stdout.write(`${JSON.stringify(jsonOf(measured, extras))}\n`);
  else process.stdout.write(`${textOf(measured, extras)}\n`);
  if (flags.includes("--write")) writeSection("gateway", textOf(measured, extras));
} else {
  const result = await soak({ minutes: Number(soakMinutes), rate: Number(valueOf("--rate") ?? 300), say });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

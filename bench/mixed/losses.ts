import { CAUSES, type Losses } from "../../src/evaluate/index.ts";

export type LossRow = {
  readonly name: string;
  readonly share: number;
  readonly certificate: { readonly coverage: number } | null;
  readonly form: { readonly ceiling: number } | null;
  readonly noise: number | null;
  readonly losses: Losses;
};

export type LossReport = {
  readonly certifiedShare: number;
  readonly losses: Losses;
  readonly tasks: readonly LossRow[];
};

/** Where calls are lost to a certificate, task by task, as shares of all calls: docs/report.md says what the causes are. */
export function describeLosses({ certifiedShare, losses, tasks }: LossReport): string[] {
  const shown = CAUSES.filter((cause) => losses[cause] >= 0.0005);
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    "Where the rest is lost, as shares of all calls (`understudy report --account`; form ceiling and wrong: of the task's recorded answers):",
    "",
    row(["task", "of all", "certified", ...shown, "ceiling", "wrong"]),
    row(["---", ...Array<string>(shown.length + 4).fill("--:")]),
    ...tasks.map((task) =>
      row([
        task.name,
        percent(task.share),
        percent(task.share * (task.certificate?.coverage ?? 0)),
        ...shown.map((cause) => percent(task.share * task.losses[cause])),
        told(task.form?.ceiling ?? null),
        told(task.noise),
      ]),
    ),
    row(["all", "100 %", percent(certifiedShare), ...shown.map((cause) => percent(losses[cause])), "", ""]),
    "",
  ];
}

/** Nothing where nothing is lost: a table of zeros hides what is. */
const percent = (share: number): string => (share < 0.0005 ? "" : told(share));

const told = (share: number | null): string => (share === null ? "–" : `${(share * 100).toFixed(1)} %`);

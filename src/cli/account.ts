import { CAUSES, type Cause, type Report } from "../evaluate/index.ts";
import { clip, paint, percent, table } from "./print.ts";

/** What a cause is called on screen, and what it means. */
export const CAUSE_WORDS: Readonly<Record<Cause, { readonly short: string; readonly long: string }>> = {
  "one-off": { short: "one-off", long: "calls of no recurring task" },
  untrained: {
    short: "untrained",
    long: "tasks without a trained specialist: too few calls, or not trained yet",
  },
  unserved: { short: "not asked", long: "calls that a specialist may not answer" },
  form: { short: "form", long: "answers that no specialist tried can express" },
  model: { short: "model", long: "errors of the specialist" },
  score: { short: "score", long: "errors that its score does not tell from right answers" },
  noise: { short: "noise", long: "recorded answers that are wrong at random" },
  sample: { short: "sample", long: "what the sample is too small to prove" },
};

/** Below this a cause is not named in a line. */
const LEAST_TOLD = 0.005;

/** "the rest is lost to: form 24.1 % · noise 20.2 % · …", the largest first. */
export function lossLine({ losses }: Pick<Report, "losses">): string {
  const told = CAUSES.filter((cause) => losses[cause] >= LEAST_TOLD).sort((a, b) => losses[b] - losses[a]);
  const words = told.map((cause) => `${CAUSE_WORDS[cause].short} ${percent(losses[cause])}`);
  return words.length === 0 ? "nothing is lost" : paint("dim", `the rest: ${words.join(" · ")}`);
}

const NAME_WIDTH = 28;

/** Where calls are lost to a certificate, task by task, as shares of all calls; and what the words mean. */
export function describeAccount(report: Report): string {
  const shown = CAUSES.filter((cause) => report.losses[cause] > 0);
  const columns = [
    { title: "task" },
    { title: "of all", right: true },
    { title: "certified", right: true },
    ...shown.map((cause) => ({ title: CAUSE_WORDS[cause].short, right: true })),
    { title: "form", right: true },
    { title: "wrong", right: true },
  ];
  const rows = report.tasks.map((task) => {
    const coverage = task.certificate?.coverage ?? 0;
    return [
      clip(task.name, NAME_WIDTH),
      percent(task.share),
      cell(task.share * coverage),
      ...shown.map((cause) => cell(task.share * task.losses[cause])),
      percent(task.form?.ceiling ?? null, 0),
      percent(task.noise),
    ];
  });
  const all = [
    "all",
    percent(1),
    cell(report.certifiedShare),
    ...shown.map((cause) => cell(report.losses[cause])),
    "",
    "",
  ];
  const words = shown.map((cause) => `  ${CAUSE_WORDS[cause].short.padEnd(10)} ${CAUSE_WORDS[cause].long}`);
  return [
    paint("bold", "  Where calls are lost to a certificate (shares of all calls)"),
    "",
    table(columns, [...rows, all]),
    "",
    ...words,
    "  form, wrong (last two): share of answers the specialist's form can give; estimated share of wrong recorded answers",
    "",
    "",
  ].join("\n");
}

const cell = (share: number): string => (share < 0.0005 ? "" : percent(share));

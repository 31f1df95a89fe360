import { answerOf, seededRandom } from "../src/core/index.ts";
import { SEED, type Line, type Split } from "./measure.ts";
import {
  callsIn,
  conversation,
  conversationOf,
  flagged,
  groupSplit,
  isCall,
  lastUser,
  listedTools,
  randomSplit,
  redacted,
} from "./reading.ts";

// The table of bench/specialists.ts: what is learnt from how much, and what it is tested on.

export type Bench = {
  readonly task: string;
  /** Kind of the family; `any`: whatever the plan for such a task says, or its reason for nothing. */
  readonly family: string;
  readonly file: string;
  readonly quick?: true;
  /** One split, or one for each of the specialists that share the row. */
  readonly splits: (rows: readonly Line[]) => readonly Split[];
  /** What the test is, where it is not plain. */
  readonly note?: string;
};

const SNIPS_TEST_FROM = 13_000;
const TRAIN_SHARE = 0.75;
/** A service with fewer training calls has no specialist. */
const MIN_SERVICE_CALLS = 30;

const one =
  (split: (rows: readonly Line[]) => Split): Bench["splits"] =>
  (rows) => [split(rows)];

const CLINC = "clinc150_train_val.calls";
const BANKING = "banking77_train.calls";
const SNIPS = "snips_train.calls";
const METATOOL = "metatool_selection.calls";
const TRACES = "agentdojo_banking_workspace.traces";

export const BENCHES: readonly Bench[] = [
  { task: "CLINC150", family: "closed-set", file: CLINC, splits: one(clincSplit(15_000)) },
  { task: "CLINC150, 3,000", family: "closed-set", file: CLINC, quick: true, splits: one(clincSplit(3_000)) },
  {
    task: "CLINC150, its validation part",
    family: "closed-set",
    file: CLINC,
    splits: one((rows) => clincSplit(15_000)(rows.filter(({ split }) => split !== "oos_train"))),
    note: "the 100 out-of-scope requests of the validation part alone, where the first row has those of the training part, too",
  },
  {
    task: "CLINC150, out of scope known",
    family: "closed-set",
    file: CLINC,
    splits: one(clincWithOutOfScope),
    note: "100 out-of-scope requests are in training, too; the test is the validation part and the other 100.",
  },
  {
    task: "BANKING77, 8,000",
    family: "closed-set",
    file: BANKING,
    splits: one(randomSplit(8_000, 8_000, lastUser)),
  },
  {
    task: "BANKING77, 2,500",
    family: "closed-set",
    file: BANKING,
    quick: true,
    splits: one(randomSplit(2_500, 8_000, lastUser)),
  },
  {
    task: "MTS section",
    family: "closed-set",
    file: "mts_dialog_section.calls",
    splits: one(randomSplit(1_000, 1_000, lastUser)),
  },
  {
    task: "Injection (deepset)",
    family: "closed-set",
    file: "injection_deepset_train",
    splits: one(randomSplit(400, 400, flagged)),
  },
  {
    task: "Tool choice (MetaTool), 6,400",
    family: "option-ranker",
    file: METATOOL,
    splits: one(randomSplit(6_400, 6_400, listedTools)),
  },
  {
    task: "Tool choice (MetaTool), 1,000",
    family: "option-ranker",
    file: METATOOL,
    splits: one(randomSplit(1_000, 6_400, listedTools)),
  },
  {
    task: "SNIPS, 13,000",
    family: "span-copy",
    file: SNIPS,
    splits: one(randomSplit(13_000, SNIPS_TEST_FROM, lastUser)),
    note: "the 784 behind the first 13,000 of the seeded order",
  },
  {
    task: "SNIPS, 2,000",
    family: "span-copy",
    file: SNIPS,
    quick: true,
    splits: one(randomSplit(2_000, SNIPS_TEST_FROM, lastUser)),
    note: "the same 784",
  },
  {
    task: "Restaurant8k (tool call)",
    family: "span-copy",
    file: "restaurant8k_train.calls",
    splits: one(randomSplit(6_500, 6_500, conversation)),
  },
  {
    task: "SGD, which call, a specialist per service",
    family: "tool-agent",
    file: "sgd_train.calls",
    splits: sgdSplits,
    note: "service calls of dialogues that are not in training; services with 30 training calls or more",
  },
  {
    task: "Advising SQL, question split",
    family: "template-fill",
    file: "advising_sql.calls",
    splits: one((rows) => ({
      train: rows.filter((row) => row.split === "train").map(lastUser),
      test: rows.filter((row) => row.split === "test").map(lastUser),
    })),
  },
  {
    task: "Redaction (Presidio)",
    family: "span-copy",
    file: "pii_presidio_a",
    splits: one((rows) => {
      const parts = groupSplit(rows, ({ meta }) => String(meta?.template_id), TRAIN_SHARE);
      return { train: parts.train.map(redacted), test: parts.test.map(redacted) };
    }),
    note: "sentence templates that are not in training",
  },
  ...["politics", "science"].map((domain): Bench => ({
    task: `CrossNER, ${domain}`,
    family: "span-copy",
    file: "crossner_politics_science.calls",
    splits: one((rows) => {
      const own = rows.filter(({ meta }) => meta?.domain === domain);
      return {
        train: own.filter(({ split }) => split !== "test").map(lastUser),
        test: own.filter(({ split }) => split === "test").map(lastUser),
      };
    }),
  })),
  {
    task: "Airline agent (tau), next call",
    family: "tool-agent",
    file: "tau_airline_gpt4o.calls",
    splits: one((rows) => {
      const parts = groupSplit(rows, ({ meta }) => meta?.trace_id ?? "", TRAIN_SHARE);
      return { train: parts.train.map(conversation), test: parts.test.map(conversation) };
    }),
    note: "one test example per call, text answers among them; traces that are not in training, of the same 50 user tasks",
  },
  ...["banking", "workspace"].map((suite): Bench => ({
    task: `AgentDojo ${suite}, next call`,
    family: "tool-agent",
    file: TRACES,
    splits: one((rows) => {
      const own = rows.filter(({ split }) => split === suite);
      const parts = groupSplit(own, ({ id = "" }) => id, TRAIN_SHARE);
      const read = (line: Line): Split["train"] =>
        callsIn(line).map(({ request, message }) => conversationOf(request, answerOf(message)));
      return { train: parts.train.flatMap(read), test: parts.test.flatMap(read) };
    }),
    note: "one test example per call, text answers among them; traces that are not in training, of the same user tasks and models",
  })),
  {
    task: "Arithmetic with reasoning (GSM8K)",
    family: "any",
    file: "gsm8k_llm.calls",
    splits: one(randomSplit(3_000, 3_000, lastUser)),
    note: "should be refused",
  },
];

/** The given number of training calls; tested on the validation calls and all out-of-scope ones, which no model here has seen. */
function clincSplit(examples: number): (rows: readonly Line[]) => Split {
  return (rows) => {
    const train = rows.filter((row) => row.split === "train");
    return {
      train: seededRandom(SEED).shuffle(train).slice(0, examples).map(lastUser),
      test: rows.filter((row) => row.split !== "train").map(lastUser),
    };
  };
}

/** All training calls, 100 out-of-scope ones among them; tested on the validation calls and the other 100. */
function clincWithOutOfScope(rows: readonly Line[]): Split {
  const isTraining = ({ split }: Line): boolean => split === "train" || split === "oos_train";
  return {
    train: seededRandom(SEED).shuffle(rows.filter(isTraining)).map(lastUser),
    test: rows.filter((row) => !isTraining(row)).map(lastUser),
  };
}

/** Service calls by the service they ask. */
function sgdSplits(rows: readonly Line[]): Split[] {
  const items = rows.map((row) => ({ trace: row.meta?.trace_id ?? "", example: conversation(row) }));
  const parts = groupSplit(
    items.filter(({ example }) => isCall(example)),
    ({ trace }) => trace,
    TRAIN_SHARE,
  );
  const serviceOf = ({ answer }: Split["train"][number]): string =>
    answer.type === "tool-calls" ? answer.calls[0].name.split("__")[0] : "";
  const [train, test] = [parts.train, parts.test].map((part) => part.map(({ example }) => example));
  const services = [...new Set(train.map(serviceOf))].sort();
  return services
    .map((service) => ({
      train: train.filter((example) => serviceOf(example) === service),
      test: test.filter((example) => serviceOf(example) === service),
    }))
    .filter(({ train: own }) => own.length >= MIN_SERVICE_CALLS);
}

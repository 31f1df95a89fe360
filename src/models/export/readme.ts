import type { GenerativeParts } from "../generative/artifact.ts";
import type { Base } from "../generative/base.ts";
import type { AnswerForm } from "../generative/words.ts";

/** What a README says of a specialist beside what its artifact says. */
export type About = {
  readonly task: string;
  readonly specialistId: string;
  /** The newest certificate of this very specialist; null when there is none. */
  readonly certificate: {
    readonly policyHash: string;
    readonly verdict: string;
    readonly epsilon: number;
    readonly delta: number;
    readonly threshold: number | null;
  } | null;
};

type Described = About & {
  readonly form: "peft" | "gguf" | "merged-hf" | "merged-gguf";
  readonly dtype: string;
  readonly parts: GenerativeParts;
  readonly base: Base;
  readonly baseName: string;
};

/** The README.md of an exported specialist: how to load it, what it reads, what it writes, what is proven of it. */
export function describeSpecialist(described: Described): string {
  const { task, specialistId, parts, base, baseName } = described;
  const { adapter } = parts;
  const learnt =
    adapter === null
      ? "all weights trained"
      : `LoRA, rank ${adapter.rank}, alpha ${adapter.alpha}, ${adapter.targets.join(", ")}`;
  return `# ${task}

A specialist for one task of an agent, exported by Understudy: a small language model that writes the answers a large one used to give.

| | |
|---|---|
| specialist | \`${specialistId}\` |
| base | ${baseName}, hash \`${base.hash}\` |
| learnt | ${learnt} |
| certificate | ${certificateText(described)} |

${loading(described)}

## What it reads

    begin  prompt  separator  →  answer  end

| part | text | token ids |
|---|---|---|
${markRows(base)}

The prompt is what varies from call to call and nothing else: the task's fixed text (instructions, tools, examples) was learnt by heart and
must not be fed. A prompt of one part stands alone; of several parts, each stands behind the mark of its role. Parts are trimmed; a prompt
of more than ${parts.maxPromptTokens} tokens, its begin and separator counted, keeps its end. In training, secrets and personal data were
masked: \`understudy mask\` does the same to a text.

## What it writes

${ANSWERS[parts.answerForm]} At most ${parts.maxAnswerTokens} tokens, the likeliest first (temperature 0), up to the end token.
${parts.grammar === null ? "" : grammarText(parts)}`;
}

/** The README.md of an exported base. */
export function describeBase(base: Base, name: string): string {
  const { config } = base;
  return `# ${name}

The base that generative specialists of Understudy are adapted from. \`understudy export adapter TASK --form peft|gguf\` writes adapters for it;
they name it \`${name}\`. Hash \`${base.hash}\`; architecture ${config.architecture}, ${config.layers} layers of width ${config.hiddenSize},
${config.vocabularySize} tokens, ${config.contextSize} positions.

    begin  prompt  separator  →  answer  end

| part | text | token ids |
|---|---|---|
${markRows(base)}
`;
}

function certificateText({ certificate }: About): string {
  if (certificate === null) return "none";
  const { policyHash, verdict, epsilon, delta, threshold } = certificate;
  const at = threshold === null ? "" : `, at scores from ${threshold.toFixed(4)}`;
  return `\`${policyHash}\`: ${verdict} at epsilon ${epsilon}, delta ${Number(delta.toPrecision(4))}${at}. It is about this specialist inside Understudy (int8 weights, grammar, copying, masks, score), not about what another engine makes of these files`;
}

const LOADING = {
  peft: (base: string): string => `A PEFT adapter. With its base in the folder \`${base}\`:

    model = AutoModelForCausalLM.from_pretrained("${base}")
    model = PeftModel.from_pretrained(model, ".")

or \`vllm serve ${base} --enable-lora --lora-modules specialist=.\``,
  gguf: (base: string): string => `A LoRA file of llama.cpp, for \`${base}\`:

    llama-server -m model-f16.gguf --lora adapter.gguf

where \`model-f16.gguf\` is the base as \`understudy export base --form gguf\` writes it.`,
  "merged-hf": (base: string): string =>
    `The base \`${base}\` with the specialist worked in, for Transformers, vLLM and others: \`AutoModelForCausalLM.from_pretrained(".")\`, \`vllm serve .\`.`,
  "merged-gguf": (base: string): string =>
    `The base \`${base}\` with the specialist worked in, for llama.cpp and what is made with it. Send token ids, or text without a chat template.`,
} as const;

function loading({ form, base, baseName }: Described): string {
  const isFromHub = baseName.includes("/");
  const source = isFromHub
    ? "The base's own licence applies to it."
    : `\`understudy export base --out ${baseName}\` writes the base.`;
  const hint = form === "peft" || isFromHub ? `\n\n${source}` : "";
  return `${LOADING[form](baseName)}${hint}

Tokens: ${base.tokenizer.vocabularySize} in \`tokenizer.json\` of the base. Special tokens are put in by id: the same names within a prompt are plain text.`;
}

function markRows(base: Base): string {
  const { begin, separator, end, roles } = base.marks;
  const rows: readonly (readonly [string, readonly number[]])[] = [
    ["begin", begin],
    ["separator", separator],
    ["end", [end]],
    ...Object.entries(roles).map(([role, ids]): [string, readonly number[]] => [`a part by ${role}`, ids]),
  ];
  return rows
    .map(([name, ids]) => `| ${name} | ${textOf(base, ids)} | ${ids.join(" ") || "none"} |`)
    .join("\n");
}

function textOf({ tokenizer }: Base, ids: readonly number[]): string {
  const parts = ids.map((id) => {
    const isText = tokenizer.tokenBytes(id).length > 0;
    return isText ? tokenizer.decode([id]) : (tokenizer.bytePairs?.vocabulary[id] ?? `token ${id}`);
  });
  return parts.length === 0 ? "" : `\`${parts.join("").replaceAll("\n", "\\n")}\``;
}

const ANSWERS: Readonly<Record<AnswerForm, string>> = {
  text: "Text.",
  json: "Compact JSON, keys in the order of the schema.",
  call: 'One tool call as compact JSON: `{"name":…,"arguments":{…}}`.',
  calls: 'A list of tool calls as compact JSON: `[{"name":…,"arguments":{…}}]`.',
  "call-or-text":
    'One tool call as compact JSON, `{"name":…,"arguments":{…}}`, or text that does not begin with a brace.',
};

function grammarText({ grammar, copying }: GenerativeParts): string {
  const copied =
    copying.paths.length === 0
      ? ""
      : `\nInside Understudy these values can be nothing but whole words of the prompt: ${copying.paths.map((path) => `\`${path}\``).join(", ")}.\n`;
  const isSchema = grammar !== null && "schema" in grammar;
  return `${copied}
Hold it to this ${isSchema ? "JSON Schema" : "list of tools"} (XGrammar, GBNF, guided decoding), without white space between tokens:

\`\`\`json
${JSON.stringify(isSchema ? grammar.schema : grammar, null, 2)}
\`\`\`
`;
}

// Things that people said to assistants and services, from public collections whose licences allow it (README.md names them).
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Every distinct text of the collections that lie cloned in a folder; one that is missing is told and left out. */
export function publicTexts(clones: string): string[] {
  const texts = new Map<string, string>();
  const add = (text: string): void => {
    const plain = text.replace(/\s+/g, " ").trim();
    const key = plain.toLowerCase();
    if (plain.length > 1 && plain.length <= LONGEST && /\p{L}/u.test(plain) && !texts.has(key)) {
      texts.set(key, plain);
    }
  };
  for (const { repository, files, read } of COLLECTIONS) {
    const folder = join(clones, repository);
    if (!existsSync(folder)) {
      console.error(`${repository} is not in ${clones}: left out`);
      continue;
    }
    for (const file of globSync(files, { cwd: folder }).sort()) {
      for (const text of read(readFileSync(join(folder, file), "utf8"))) add(text);
    }
  }
  return [...texts.values()];
}

const LONGEST = 300;

type Collection = {
  readonly repository: string;
  readonly files: string;
  readonly read: (content: string) => Iterable<string>;
};

const COLLECTIONS: readonly Collection[] = [
  {
    repository: "NLU-Evaluation-Data",
    files: "CrossValidation/out4RasaReal/**/merged/*.json",
    read: (content) => {
      const { rasa_nlu_data: data } = JSON.parse(content) as {
        readonly rasa_nlu_data: { readonly common_examples: readonly { readonly text: string }[] };
      };
      return data.common_examples.map(({ text }) => text);
    },
  },
  {
    repository: "Taskmaster",
    files: "TM-4-2024/data/*.json",
    read: (content) => {
      const talks = JSON.parse(content) as readonly {
        readonly utterances: readonly { readonly text: string }[];
      }[];
      return talks.flatMap(({ utterances }) => utterances.map(({ text }) => text));
    },
  },
  {
    // A line holds the turns so far behind <U> and <A>, and the next one behind [A].
    repository: "Taskmaster",
    files: "TM-3-2020/splits/**/*.tsv",
    read: (content) =>
      content.split("\n").flatMap((line) => {
        const [before, next = ""] = line.split("\t");
        return [
          ...[...before.matchAll(/<[UA]>([^<]*)/g)].map(([, said]) => said),
          ...[...next.matchAll(/\[A\]([^[<]*)/g)].map(([, said]) => said),
        ];
      }),
  },
  ...["NLU-training-data", "financial-demo"].map((repository) => ({
    repository,
    files: "**/nlu.yml",
    // Examples are items of a list; a marked value is [value](kind) or [value]{…}.
    read: (content: string) =>
      [...content.matchAll(/^\s+- (.*)$/gm)].map(([, said]) =>
        said.replace(/\[([^\]]*)\](\([^)]*\)|\{[^}]*\})/g, "$1"),
      ),
  })),
  {
    repository: "watson-banking-chatbot",
    files: "data/conversation/workspaces/*.json",
    read: (content) => {
      const { intents = [] } = JSON.parse(content) as {
        readonly intents?: readonly { readonly examples: readonly { readonly text: string }[] }[];
      };
      return intents.flatMap(({ examples }) => examples.map(({ text }) => text));
    },
  },
];

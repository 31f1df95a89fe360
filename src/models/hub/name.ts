import { HouseError } from "../../core/index.ts";

/** A repository of models on a hub, at a revision (branch, tag or commit). */
export type HubName = {
  readonly organisation: string;
  readonly name: string;
  /** `main` unless given. */
  readonly revision: string;
};

// Hugging Face's own rule for names: letters, digits, `-`, `_`, `.`; at most 96 characters; not beginning or ending with `-` or `.`.
const PART = /^(?![-.])[A-Za-z0-9._-]{1,96}(?<![-.])$/;
// Branches may hold slashes (`refs/pr/3`); `..` is no part of any.
const REVISION = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/;

/** Reads `hf:ORG/NAME` or `hf:ORG/NAME@REVISION`. Throws HouseError bad-usage. */
export function parseHubName(text: string): HubName {
  const [, organisation, name, revision = "main"] = /^hf:([^/@]+)\/([^/@]+)(?:@(.+))?$/.exec(text) ?? [];
  const isSound = PART.test(organisation ?? "") && PART.test(name ?? "") && REVISION.test(revision);
  if (isSound && !name.includes("..")) return { organisation, name, revision };
  throw new HouseError(
    "bad-usage",
    `Cannot pull "${text}": expected hf:ORG/NAME or hf:ORG/NAME@REVISION, for example hf:HuggingFaceTB/SmolLM2-135M`,
  );
}

/** `ORG/NAME`. */
export const repositoryOf = ({ organisation, name }: HubName): string => `${organisation}/${name}`;

/** The folder a repository is kept in: `ORG--NAME`. */
export const folderOf = ({ organisation, name }: HubName): string => `${organisation}--${name}`;

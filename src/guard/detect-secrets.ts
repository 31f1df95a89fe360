import { eachMatch } from "./context.ts";
import type { Detector, Finding } from "./finding.ts";

type SecretRule = {
  readonly name: string;
  /** One of these must stand in the text before the pattern is tried. */
  readonly keywords: readonly string[];
  readonly pattern: RegExp;
  /** Bits per character the value must have at least; 0 where the form says enough. */
  readonly minEntropy: number;
};

// After the rules of gitleaks. A pattern starts only where a run of its characters starts, which keeps it linear.
const RULES: readonly SecretRule[] = [
  rule(
    "aws",
    ["A3T", "AKIA", "ASIA", "ABIA", "ACCA"],
    /(?<![A-Z0-9])(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Z0-9])/g,
    3,
  ),
  rule("github", ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], /(?<!\w)gh[pousr]_[A-Za-z0-9]{36,255}(?!\w)/g, 3),
  rule("github-fine-grained", ["github_pat_"], /(?<!\w)github_pat_\w{36,255}(?!\w)/g, 3),
  rule("gitlab", ["glpat-"], /(?<![\w-])glpat-[\w-]{20,64}(?![\w-])/g, 3),
  rule("anthropic", ["sk-ant-"], /(?<![\w-])sk-ant-[\w-]{24,200}(?![\w-])/g, 3),
  rule("openai", ["T3BlbkFJ"], /(?<![\w-])sk-[\w-]{20,100}T3BlbkFJ[\w-]{20,100}(?![\w-])/g, 3),
  rule(
    "openai-project",
    ["sk-proj-", "sk-svcacct-", "sk-admin-"],
    /(?<![\w-])sk-(?:proj|svcacct|admin)-[\w-]{32,220}(?![\w-])/g,
    3,
  ),
  rule("openai-like", ["sk-"], /(?<![\w-])sk-[A-Za-z0-9]{32,64}(?![\w-])/g, 3.5),
  rule("hugging-face", ["hf_", "api_org_"], /(?<!\w)(?:hf_|api_org_)[A-Za-z0-9]{34}(?!\w)/g, 2),
  rule(
    "stripe",
    ["sk_", "rk_", "whsec_"],
    /(?<!\w)(?:(?:sk|rk)_(?:test|live|prod)|whsec)_[A-Za-z0-9]{10,99}(?!\w)/g,
    2,
  ),
  // Ours: src/gateway/keys.ts.
  rule("understudy", ["usk_"], /(?<!\w)usk_[a-z2-7]{12}_[a-z2-7]{52}(?!\w)/g, 3),
  rule("slack", ["xox"], /(?<![\w-])xox[abeoprs]-[\w-]{10,250}(?![\w-])/g, 2),
  rule(
    "slack-hook",
    ["hooks.slack.com"],
    /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9+/]{20,80}/g,
    0,
  ),
  rule("google", ["AIza"], /(?<![\w-])AIza[\w-]{35}(?![\w-])/g, 4),
  rule("sendgrid", ["SG."], /(?<![\w.-])SG\.[\w-]{16,32}\.[\w-]{32,64}(?![\w-])/g, 3),
  rule("npm", ["npm_"], /(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)/g, 3),
  rule("jwt", ["ey"], /(?<![\w-])ey[\w-]{15,2000}\.ey[\w-]{15,4000}(?:\.[\w-]{0,2000})?/g, 3),
  rule("bearer", ["earer "], /(?<!\w)[Bb]earer ([\w.~+/-]{20,2000}={0,2})/g, 3.5),
];

// What people call a secret, then a sign that its value follows.
const LABELLED =
  /(?<![a-z0-9])((?:[a-z0-9]{1,20}[_-]){0,3}(?:api[_ -]?key|secret(?:[_ -]?key)?|access[_ -]?(?:key|token)|auth[_ -]?token|token|client[_ -]?secret|private[_ -]?key|credentials?|passw(?:or)?d|passphrase|pwd))["']?(?:\s{0,3}(?::=|=>|[:=])\s{0,3}|\s{1,3}(?:is|was)\s{1,3}:?\s{0,2})(?:\\?["'`])?([^\s"'`\\,;<>{}()[\]]{6,200})/gi;
const LABEL_HINT = /key|secret|token|credential|passw|passphrase|pwd/i;
const MIN_LABELLED_LENGTH = 8;
// gitleaks' bound for generic keys.
const MIN_LABELLED_ENTROPY = 3.5;

/** Keys, tokens, passwords and private keys. Keyword first, then form, then entropy. */
export const detectSecrets: Detector = (text) => {
  const found: Finding[] = [];
  for (const { keywords, pattern, minEntropy } of RULES) {
    if (!keywords.some((keyword) => text.includes(keyword))) continue;
    for (const { value, start, end } of eachMatch(text, pattern)) {
      if (entropy(value) >= minEntropy) found.push({ start, end, type: "SECRET", score: 1 });
    }
  }
  if (text.includes("PRIVATE KEY")) found.push(...privateKeys(text));
  if (LABEL_HINT.test(text)) found.push(...labelled(text));
  return found;
};

function rule(name: string, keywords: readonly string[], pattern: RegExp, minEntropy: number): SecretRule {
  return { name, keywords, pattern, minEntropy };
}

const PEM_BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const PEM_END = "-----END ";
const PEM_END_LINE = /-----END [A-Z0-9 ]{0,60}-----/y;
// What a key cut off by a limit still shows: base64, white space and written-out line ends.
const PEM_BODY = /[A-Za-z0-9+/=\s\\]*/y;

function privateKeys(text: string): Finding[] {
  const begins = [...text.matchAll(PEM_BEGIN)];
  let endLine = -1;
  return begins.map((begin, index) => {
    const bodyStart = begin.index + begin[0].length;
    // Looked for again only when passed: many heads without an end must not cost a scan each.
    if (endLine < bodyStart) endLine = text.indexOf(PEM_END, bodyStart);
    if (endLine < 0) endLine = text.length;
    const next = begins[index + 1]?.index ?? text.length;
    const end = endLine < next ? endOf(PEM_END_LINE, text, endLine) : endOf(PEM_BODY, text, bodyStart);
    return { start: begin.index, end, type: "PRIVATE_KEY", score: 1 };
  });
}

/** Where a sticky pattern that starts at `from` ends; `from` when it does not match. */
function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return from + (pattern.exec(text)?.[0].length ?? 0);
}

function labelled(text: string): Finding[] {
  const found: Finding[] = [];
  for (const match of text.matchAll(LABELLED)) {
    const value = match[2].replace(/[.!?:]+$/, "");
    if (!isSecretValue(value, match[1])) continue;
    const start = match.index + match[0].length - match[2].length;
    found.push({ start, end: start + value.length, type: "SECRET", score: 0.8 });
  }
  return found;
}

function isSecretValue(value: string, label: string): boolean {
  // Templates and references name a secret, they do not hold it.
  if (/\$|^[a-z]+:\/\/|^process\.|^os\.|^env\b|\*{3}|\.{3}|^x+$/i.test(value)) return false;
  if (!/\d/.test(value)) return false;
  if (/pass|pwd/i.test(label)) return /[A-Za-z\W_]/.test(value);
  return (
    value.length >= MIN_LABELLED_LENGTH && /[A-Za-z]/.test(value) && entropy(value) >= MIN_LABELLED_ENTROPY
  );
}

/** Shannon entropy, bits per character. */
function entropy(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}

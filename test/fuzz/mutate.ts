import type { Random } from "../../src/core/index.ts";

// Changes to valid bodies: of their values, then of their text. Raw JSON stands where no value could (1e999, duplicate keys).

type Node = { [field: string]: unknown } | unknown[];

/** A text that goes into the JSON as it is. */
class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const raw = (text: string): Raw => new Raw(text);
const nested = (depth: number, open: string, close: string): Raw =>
  raw(`${open.repeat(depth)}1${close.repeat(depth)}`);

/** Values that something somewhere trips over. */
const EVIL: readonly (() => unknown)[] = [
  () => null,
  () => true,
  () => 0,
  () => -1,
  () => raw("-0"),
  () => raw("1e999"),
  () => raw("123456789012345678901234567890"),
  () => raw("0.1e-400"),
  () => 2 ** 53 + 2,
  () => "",
  () => " ",
  () => "\u0000",
  () => raw('"\\ud800"'),
  () => "\u202e\ufeff\u2028",
  () => "A".repeat(100_000),
  () => "🙂".repeat(5000),
  () => [],
  () => ({}),
  () => [[]],
  () => [null],
  () => Array.from({ length: 2000 }, () => 0),
  () => nested(150, "[", "]"),
  () => nested(5000, "[", "]"),
  () => nested(5000, '{"a":', "}"),
  () => raw('{"__proto__":{"polluted":true}}'),
  () => raw('{"constructor":{"prototype":{"polluted":true}}}'),
  () => raw('{"toString":1,"valueOf":1,"toJSON":1,"then":1,"length":-1,"hasOwnProperty":1}'),
  () => ({ type: "text" }),
  () => ({ type: "function", function: null }),
  () => ({ role: "user", content: [{ type: "image_url", image_url: { url: "file:///etc/passwd" } }] }),
  () => "data:image/png;base64,!!!!",
  () => "../../etc/passwd",
  () => "a\r\nx-injected: 1\r\n\r\n",
  () => "'; DROP TABLE calls; --",
  () => "NaN",
];

const NAMES: readonly string[] = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "then",
  "length",
  "0",
  "",
  "role",
  "content",
  "type",
  "stream",
  "model",
  "tools",
  "\u0000",
  "x".repeat(5000),
];

const pick = <T>(random: Random, items: readonly T[]): T => items[random.below(items.length)];

/** A body like the one given, changed in one to six places; as bytes. */
export function mutated(body: unknown, random: Random): Buffer {
  const copy = structuredClone(body) as Node;
  const changes = 1 + random.below(6);
  for (let at = 0; at < changes; at += 1) changeOne(copy, random);
  return changedText(write(copy, random), random);
}

/** A random value by the grammar of JSON, as text with its odd spaces and escapes. */
export function grammatical(random: Random, depth = 0): string {
  const space = pick(random, ["", "", " ", "\n", "\t\r\n"]);
  const kind = random.below(depth > 4 ? 4 : 6);
  const inner = (): string => grammatical(random, depth + 1);
  const list = (one: () => string): string => Array.from({ length: random.below(5) }, one).join(`,${space}`);
  if (kind === 0) return pick(random, ["null", "true", "false"]);
  if (kind === 1) return pick(random, ["0", "-1", "1.5e3", "1E-7", "9007199254740993", "-0.0", "1e309"]);
  if (kind === 2) return JSON.stringify(pick(random, NAMES).slice(0, 50));
  if (kind === 3)
    return pick(random, ['"\\u0061\\n\\"\\/"', '"\\ud83d\\ude42"', '"\\udc00"', '"stream"', '"m"']);
  if (kind === 4) return `[${space}${list(inner)}${space}]`;
  return `{${space}${list(() => `${JSON.stringify(pick(random, NAMES))}${space}:${inner()}`)}${space}}`;
}

function changeOne(root: Node, random: Random): void {
  const places = placesIn(root);
  if (places.length === 0) return;
  const { parent, key } = pick(random, places);
  const holder = parent as { [field: string]: unknown };
  switch (random.below(7)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete holder[key];
      return;
    case 1:
      if (Array.isArray(parent)) parent.push(structuredClone(parent[Number(key)]));
      else holder[`${key}_`] = holder[key];
      return;
    case 2: {
      const name = pick(random, NAMES);
      const value = pick(random, EVIL)();
      const field = { value, enumerable: true, writable: true, configurable: true };
      // A list has no fields in JSON.
      if (Array.isArray(parent)) parent.push({ [name]: value });
      else Object.defineProperty(parent, name, field);
      return;
    }
    case 3:
      holder[key] = [holder[key]];
      return;
    case 4:
      holder[key] = { [key]: holder[key] };
      return;
    case 5: {
      const other = pick(random, places);
      holder[key] = structuredCloneSafe((other.parent as { [field: string]: unknown })[other.key]);
      return;
    }
    default:
      holder[key] = pick(random, EVIL)();
  }
}

// A value that holds its own place would have no end.
function structuredCloneSafe(value: unknown): unknown {
  return value instanceof Raw || typeof value !== "object" ? value : (JSON.parse(write(value)) as unknown);
}

type Place = { readonly parent: Node; readonly key: string };

function placesIn(root: unknown): Place[] {
  const places: Place[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || value instanceof Raw || places.length > 500) return;
    for (const key of Object.keys(value)) {
      places.push({ parent: value as Node, key });
      visit((value as { [field: string]: unknown })[key]);
    }
  };
  visit(root);
  return places;
}

/** With a random source, names are now and then written twice. */
function write(value: unknown, random?: Random): string {
  if (value instanceof Raw) return random === undefined ? JSON.stringify(value.text) : value.text;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map((one) => write(one, random)).join(",")}]`;
  const entries = Object.entries(value).map(
    ([name, inner]) => `${JSON.stringify(name)}:${write(inner, random)}`,
  );
  if (random !== undefined && entries.length > 0 && random.below(40) === 0)
    entries.push(pick(random, entries));
  return `{${entries.join(",")}}`;
}

function changedText(text: string, random: Random): Buffer {
  const bytes = Buffer.from(text);
  const at = random.below(bytes.length + 1);
  switch (random.below(24)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from([pick(random, [0x80, 0xff, 0xc3, 0xed, 0xf8, 0x00])]),
        bytes.subarray(at),
      ]);
    case 2:
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]);
    case 3:
      return Buffer.from(text, "utf16le");
    case 4:
      return Buffer.from(`${text}${pick(random, [",", "}", "\u0000", text, "//x", "\n\n"])}`);
    case 5:
      return Buffer.from(text.replaceAll('"', "'"));
    case 6:
      return Buffer.from(grammatical(random));
    default:
      return bytes;
  }
}

import { hasContext } from "./context.ts";
import type { Detector, Finding } from "./finding.ts";

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`(?<![\\w.-])${OCTET}(?:\\.${OCTET}){3}(?!\\w|[.-]\\w)`, "g");
// Everybody's addresses tell nothing about anybody.
const NOBODYS = /^(?:127\.|0\.0\.0\.0$|255\.255\.)/;
const VERSION_WORDS = /\b(?:version|ver|release|section|build|v)\.?\s{0,3}$/i;
const IPV6 = /(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:]|\.\d)/g;
const MAC = /(?<![\w:-])[0-9A-Fa-f]{2}([:-])[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}){4}(?![\w:-])/g;

// Three separators in a row of short groups, which times and dates do not have, or an empty group.
const GROUPS_HINT = /([:-])[0-9A-Fa-f]{1,4}\1[0-9A-Fa-f]{1,4}\1|::/;

/** IPv4, IPv6 and MAC addresses; not loopback, masks and version numbers. */
export const detectAddresses: Detector = (text) => {
  const found: Finding[] = [];
  for (const match of text.matchAll(IPV4)) {
    const isAddress = !NOBODYS.test(match[0]) && !hasContext(text, match.index, VERSION_WORDS);
    if (isAddress) found.push(finding(match, "IP", 0.8));
  }
  if (!GROUPS_HINT.test(text)) return found;
  for (const match of text.matchAll(IPV6)) if (isIpv6(match[0])) found.push(finding(match, "IP", 0.8));
  for (const match of text.matchAll(MAC)) found.push(finding(match, "MAC", 0.9));
  return found;
};

/** Eight groups, or fewer around one `::`. Then a group of three with a digit is asked for, so that `a::b2` of a program stays. */
function isIpv6(value: string): boolean {
  const halves = value.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  if (groups.includes("")) return false;
  if (halves.length === 1) return groups.length === 8;
  return (
    groups.length >= 2 && groups.length < 8 && groups.some((group) => group.length > 2 && /\d/.test(group))
  );
}

const URL_LOGIN =
  /(?<![a-z0-9])[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/@:"'<>]{0,100}:[^\s/@"'<>]{1,200}@[^\s/:"'<>,;)\]}]{1,255}/gi;

/** URLs that carry a user and a password, up to the host. */
export const detectUrlLogins: Detector = (text) =>
  [...text.matchAll(URL_LOGIN)].map((match) => finding(match, "URL_LOGIN", 1));

const URL = /(?<![a-z0-9])(?:https?:\/\/|www\.)[^\s"'<>]{1,2000}/gi;

/** Plain URLs, without the punctuation of the sentence. Off unless asked for. */
export const detectUrls: Detector = (text) =>
  [...text.matchAll(URL)].map((match) => {
    const value = match[0].replace(/[.,;:!?)\]}]+$/, "");
    return { start: match.index, end: match.index + value.length, type: "URL", score: 0.5 };
  });

function finding(match: RegExpMatchArray, type: Finding["type"], score: number): Finding {
  // matchAll always sets the index.
  const start = match.index as number;
  return { start, end: start + match[0].length, type, score };
}

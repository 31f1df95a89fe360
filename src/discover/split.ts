import { MIN_TASK_CALLS, type Fingerprint } from "./fingerprint.ts";

/** A version replaced by the next leaves at most this share of calls on the wrong side of the day it changed. */
export const MAX_OVERLAP = 0.03;
/** Lines in a smaller share of calls are content; in a larger one, fixed. Between them a line may mark a version. */
const MIN_VERSION_SHARE = 0.1;

/**
 * Splits a group whose prompt changed on a day while most lines stayed: a line that only earlier or only later calls
 * have marks the version. Both sides keep at least the calls a task needs.
 */
export function splitVersions(calls: readonly Fingerprint[]): Fingerprint[][] {
  const having = new Map<number, Fingerprint[]>();
  for (const call of calls) for (const line of new Set(call.lines)) push(having, line, call);
  for (const [line, members] of having) {
    const share = members.length / calls.length;
    if (share < MIN_VERSION_SHARE || share > 1 - MIN_VERSION_SHARE) continue;
    if (members.length < MIN_TASK_CALLS || calls.length - members.length < MIN_TASK_CALLS) continue;
    const rest = calls.filter((call) => !call.lines.includes(line));
    if (overlapOf(timesOf(members), timesOf(rest)) > MAX_OVERLAP) continue;
    return [...splitVersions(members), ...splitVersions(rest)];
  }
  return [[...calls]];
}

export const timesOf = (calls: readonly Fingerprint[]): number[] =>
  calls.flatMap(({ atMs }) => (atMs === null ? [] : [atMs])).sort((a, b) => a - b);

function push(lists: Map<number, Fingerprint[]>, key: number, item: Fingerprint): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

/** Share of the smaller group's calls that fall on the other's side of the best change-over time; 1 without times. */
export function overlapOf(a: readonly number[], b: readonly number[]): number {
  if (a.length === 0 || b.length === 0) return 1;
  const [early, late] = a[Math.floor(a.length / 2)] <= b[Math.floor(b.length / 2)] ? [a, b] : [b, a];
  const start = late[Math.floor(late.length * 0.01)];
  const end = early[Math.ceil(early.length * 0.99) - 1];
  const after = early.filter((time) => time > start).length;
  const before = late.filter((time) => time < end).length;
  return Math.min(after, before) / Math.min(early.length, late.length);
}

import { HouseError, hash32, type ErrorCode } from "../../core/index.ts";
import type { Counts, Protocol, ProtocolName } from "../protocol.ts";
import { protocols } from "../protocols/protocols.ts";
import { answerId } from "../protocols/writing.ts";
import { Attempt } from "./attempt.ts";
import { withModel } from "./model-name.ts";
import {
  isOfTheKey,
  isRetryable,
  isRetryableFailure,
  MAX_ATTEMPTS,
  MAX_WAIT_BEFORE_NEXT_MS,
  MAX_WAIT_MS,
  retryAfterMs,
  waitMs,
} from "./retry.ts";
import { Translation, translatedRequest } from "./translation.ts";
import type { AnswerSink, Exchange, Outgoing, UpstreamCall } from "./types.ts";
import type { Place, Plan, Question, Shared, Target } from "./upstreams.ts";

/** Told who answers before `head`, and before `fail` where someone was asked. */
export type UpstreamSink = AnswerSink & {
  /** `lost`: fields of the request that the provider's protocol has no words for. */
  chosen(place: Place, attempts: number, lost: readonly string[]): void;
  /** What a translated answer took: the client's protocol may have no place for it, or none that was asked for. */
  counted(counts: Counts): void;
};

/** A refused key is tried again after this: it may have been given rights meanwhile. */
const REFUSED_KEY_REST_MS = 60_000;
/** A rate-limited key of which the provider does not say when. */
const LIMITED_KEY_REST_MS = 1000;

/** Why an attempt came to nothing. */
type Miss =
  | { readonly status: number; readonly headers: { readonly [name: string]: string } }
  | { readonly code: ErrorCode; readonly message: string };

/** What comes next: the same or another target, after a wait. */
type Step = { readonly targetAt: number; readonly afterMs: number };

/**
 * One question on its way to an answer: over the keys of a target, repeated, then the next target; until an answer has begun. What the
 * client has seen the first byte of is never repeated.
 */
export class Ask implements Exchange {
  readonly question: Question;
  readonly sink: UpstreamSink;
  readonly #plan: Plan;
  readonly #shared: Shared;
  #targetAt = 0;
  #account = 0;
  /** On the present target, after the first. */
  #repeats = 0;
  #attempts = 0;
  #waitedMs = 0;
  #current: Attempt | null = null;
  /** Where the present attempt's answer goes: to the client's, or through a translation. */
  #out: AnswerSink;
  #timer: NodeJS.Timeout | null = null;
  /** By the translation of the present attempt's request. */
  #lost: readonly string[] = [];
  #isOver = false;
  #hasRenewed = false;

  constructor(question: Question, plan: Plan, shared: Shared, sink: UpstreamSink) {
    this.question = question;
    this.sink = sink;
    this.#out = sink;
    this.#plan = plan;
    this.#shared = shared;
  }

  begin(): void {
    this.#shared.budget.call();
    const at = this.#firstAllowed(0);
    if (at === null) this.#refuse();
    else this.#start(at);
  }

  resume(): void {
    this.#current?.exchange?.resume();
  }

  cancel(): void {
    if (this.#isOver) return;
    const current = this.#current;
    this.#target.breaker.release();
    if (this.#timer !== null) clearTimeout(this.#timer);
    // Told by the attempt, unless there is none under way.
    if (current?.exchange !== null && current?.exchange !== undefined) current.exchange.cancel();
    else this.fail("cancelled", "Cannot complete the call: the client went away");
  }

  /** An answer has begun with this status; true when it is dropped because another attempt is made. */
  missesHead(status: number, headers: { readonly [name: string]: string }): boolean {
    const { breaker, provider, restsUntilMs } = this.#target;
    const nowMs = this.#shared.options.nowMs();
    if (status >= 500) breaker.fail(nowMs, false);
    else breaker.succeed();
    if (status < 400) return false;
    if (isOfTheKey(status)) {
      const rest = status === 429 ? LIMITED_KEY_REST_MS : REFUSED_KEY_REST_MS;
      restsUntilMs[this.#account] = nowMs + (retryAfterMs(headers, nowMs) ?? rest);
      if (provider.accounts.length > 1 && this.#takeNextKey(nowMs)) return true;
    }
    if (!isRetryable(status) && !isOfTheKey(status)) return false;
    return this.#takeStep({ status, headers });
  }

  /** An attempt failed before its answer began; true when another is made. */
  missesWhole(code: ErrorCode, message: string): boolean {
    if (code === "cancelled" || this.#isOver) return false;
    if (!isRetryableFailure(code)) return false;
    // A kept connection that the provider was about to close, most often: a new one tells.
    if (code === "upstream-broken" && !this.#hasRenewed && this.#attempts < MAX_ATTEMPTS) {
      this.#hasRenewed = true;
      this.#start(this.#targetAt);
      return true;
    }
    this.#target.breaker.fail(this.#shared.options.nowMs(), true);
    return this.#takeStep({ code, message });
  }

  /** The present attempt is the answer. */
  choose(): void {
    const { provider, model } = this.#target;
    const place = { provider: provider.name, model, account: this.#account };
    const { session } = this.question;
    if (session !== null && (this.#plan.targets.length > 1 || provider.accounts.length > 1))
      this.#shared.sessions.remember(session.id, { place, atMs: this.#shared.options.nowMs() });
    this.sink.chosen(place, this.#attempts, this.#lost);
  }

  get out(): AnswerSink {
    return this.#out;
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#out.end();
  }

  fail(code: ErrorCode, message: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#out.fail(code, message);
  }

  /** Whether anything is left to try but the present attempt: only then is it worth holding a head back. */
  get hasMore(): boolean {
    return this.#targetAt + 1 < this.#plan.targets.length || this.#repeats < this.#plan.retries;
  }

  get #target(): Target {
    return this.#plan.targets[this.#targetAt];
  }

  #takeNextKey(nowMs: number): boolean {
    if (this.#attempts >= MAX_ATTEMPTS || !this.#target.restsUntilMs.some((until) => until <= nowMs))
      return false;
    this.#start(this.#targetAt);
    return true;
  }

  #takeStep(miss: Miss): boolean {
    const step = this.#stepAfter(miss);
    if (step === null) return false;
    if (step.targetAt === this.#targetAt) {
      if (!this.#shared.budget.take()) return false;
      this.#repeats += 1;
    }
    this.#current = null;
    this.#waitedMs += step.afterMs;
    const go = (): void => this.#start(step.targetAt);
    if (step.afterMs === 0) go();
    else this.#timer = setTimeout(go, step.afterMs);
    return true;
  }

  #stepAfter(miss: Miss): Step | null {
    if (this.#attempts >= MAX_ATTEMPTS) return null;
    const { options } = this.#shared;
    const asked = "headers" in miss ? retryAfterMs(miss.headers, options.nowMs()) : null;
    const next = this.#firstAllowed(this.#targetAt + 1);
    const mayRepeat =
      this.#repeats < this.#plan.retries &&
      !("status" in miss && (miss.status === 401 || miss.status === 403)) &&
      !("headers" in miss && miss.headers["x-should-retry"] === "false");
    if (mayRepeat) {
      const afterMs = waitMs(this.#repeats + 1, asked, options.random);
      const bound = next === null ? MAX_WAIT_MS - this.#waitedMs : MAX_WAIT_BEFORE_NEXT_MS;
      if (afterMs <= bound) return { targetAt: this.#targetAt, afterMs };
    }
    return next === null ? null : { targetAt: next, afterMs: 0 };
  }

  /** The first target from `from` on that may be asked now. The last one that fails aloud is asked in any case: its answer says why. */
  #firstAllowed(from: number): number | null {
    const { targets } = this.#plan;
    const nowMs = this.#shared.options.nowMs();
    for (let at = from; at < targets.length; at += 1) if (targets[at].breaker.allows(nowMs)) return at;
    if (from > 0) return null;
    const loud = targets.findIndex(({ breaker }) => breaker.rest(nowMs)?.isSilent === false);
    return loud < 0 ? null : loud;
  }

  #refuse(): void {
    const { targets } = this.#plan;
    const nowMs = this.#shared.options.nowMs();
    const rests = targets.map(({ breaker }) => breaker.rest(nowMs)?.forMs ?? 0);
    const seconds = Math.max(1, Math.ceil(Math.min(...rests) / 1000));
    const names = targets.map(({ provider }) => provider.name).join(", ");
    this.fail("overloaded", `${names} did not answer lately: the next try is made in ${seconds} s`);
  }

  #start(targetAt: number): void {
    if (this.#isOver) return;
    if (targetAt !== this.#targetAt) this.#repeats = 0;
    this.#targetAt = targetAt;
    this.#timer = null;
    this.#attempts += 1;
    const attempt = new Attempt(this);
    this.#current = attempt;
    const outgoing = this.#prepare();
    if (outgoing instanceof Promise) {
      outgoing.then(
        (ready) => this.#send(ready, attempt),
        (error: unknown) => this.#sayBroken(error),
      );
    } else if (outgoing !== null) {
      this.#send(outgoing, attempt);
    }
  }

  #prepare(): Outgoing | Promise<Outgoing> | null {
    const { provider, model } = this.#target;
    const { question } = this;
    this.#account = this.#accountFor();
    const [first] = this.#plan.targets;
    const account = provider.accounts[this.#account];
    try {
      const call = this.#callFor(provider.file.protocols, model);
      // A client's credentials are for the provider that it means; another one, or one of another kind, must not see them.
      const isAnother =
        first.provider !== provider || (call.protocol !== question.protocol && account.key !== null);
      return provider.file.prepare(call, account, question.hasOwnKey || isAnother);
    } catch (error) {
      this.#sayBroken(error);
      return null;
    }
  }

  #sayBroken(error: unknown): void {
    this.choose();
    const code = error instanceof HouseError ? error.code : "bad-config";
    this.fail(code, (error as Error).message);
  }

  #send(outgoing: Outgoing, attempt: Attempt): void {
    if (this.#isOver) return;
    const { transport, timeouts } = this.#target.provider;
    attempt.exchange = transport.send(outgoing, timeouts, attempt);
  }

  /** The call as a provider gets it that speaks these protocols. */
  #callFor(spoken: readonly ProtocolName[], model: string): UpstreamCall {
    const { question, sink } = this;
    const { operation, protocol, isStream, headers, query, request } = question;
    const call = { operation, model, isStream, headers, query };
    this.#out = sink;
    this.#lost = [];
    if (operation !== "generate" || request === null || spoken.includes(protocol)) {
      const isRenamed = model !== question.model && operation !== "models";
      return { ...call, protocol, body: isRenamed ? withModel(question.body, model) : question.body };
    }
    const { random, nowMs } = this.#shared.options;
    // Every protocol has its reader and writer.
    const from = protocols.get(spoken[0]) as Protocol;
    const to = protocols.get(protocol) as Protocol;
    const id = answerId(protocol, question.callId ?? random().toString(36).slice(2));
    const identity = { id, createdS: Math.floor(nowMs() / 1000), model: question.model };
    this.#out = new Translation(sink, {
      from,
      to,
      request,
      identity,
      counted: (counts) => sink.counted(counts),
    });
    const { body, lost } = translatedRequest(request, to, from, model);
    this.#lost = lost;
    // What the query says, it says to the client's protocol.
    return { ...call, query: "", protocol: from.name, body };
  }

  /** A session keeps its key while it works: prompts are cached by account. */
  #accountFor(): number {
    const { provider, restsUntilMs } = this.#target;
    const count = provider.accounts.length;
    if (count === 1) return 0;
    const nowMs = this.#shared.options.nowMs();
    const { account } = this.#plan;
    const from =
      account !== null && account < count ? account : hash32(this.question.session?.id ?? "") % count;
    let soonest = from;
    for (let step = 0; step < count; step += 1) {
      const at = (from + step) % count;
      if (restsUntilMs[at] <= nowMs) return at;
      if (restsUntilMs[at] < restsUntilMs[soonest]) soonest = at;
    }
    return soonest;
  }
}

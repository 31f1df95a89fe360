import { describe, expect, test } from "vitest";
import type { Report, TaskReport } from "../../evaluate/index.ts";
import { markup } from "./markup.ts";
import { htmlReport } from "./page.ts";

const LOSSES = {
  "one-off": 0,
  untrained: 0,
  unserved: 0,
  form: 0,
  model: 0.4,
  score: 0,
  noise: 0,
  sample: 0,
};

const TASK: TaskReport = {
  id: "task_1",
  name: "route <b>shops</b>",
  kind: "label",
  calls: 900,
  sessions: 850,
  share: 0.9,
  promptVersions: 1,
  state: "live",
  specialist: { kind: "closed-set", parameters: 1200, bytes: 40_000, latencyMsP50: 0.1 },
  certificate: {
    epsilon: 0.05,
    delta: 0.045,
    n: 180,
    k: 3,
    sample: 300,
    threshold: 0.9,
    coverage: 0.6,
    bestCoverage: 0.97,
    upper: 0.045,
    verdict: "certified",
    reason: "disagrees on 3 of 180",
    attempt: 1,
  },
  why: null,
  form: {
    family: "closed-set",
    summary: "one of the 2 answers of its examples",
    cannot: "another",
    ceiling: 0.98,
    n: 400,
    families: [{ family: "closed-set", ceiling: 0.98 }],
  },
  suspects: 7,
  noise: 0.011,
  picture: {
    sample: 300,
    unserved: 0,
    bins: [
      { n: 150, score: 0.8, agreed: 121 },
      { n: 150, score: 0.99, agreed: 149 },
    ],
    ece: 0.004,
    curve: [
      { threshold: 0.99, coverage: 0.1, n: 30, k: 0 },
      { threshold: 0.9, coverage: 0.6, n: 180, k: 3 },
      { threshold: 0.1, coverage: 1, n: 300, k: 30 },
    ],
    disagreements: 30,
  },
  losses: LOSSES,
  providerLatencyMsP50: 900,
  costUsd: 1,
  dropped: {},
};

const REPORT: Report = {
  calls: 1000,
  sessions: 950,
  tasks: [TASK],
  unassigned: 100,
  certifiedShare: 0.54,
  certifiedShareInterval: [0.5, 0.58],
  losses: { ...LOSSES, "one-off": 0.1, model: 0.36 },
  costUsd: { before: 2, after: 1, unpricedCalls: 0, pricesAsOf: "2026-11" },
};

describe("htmlReport()", () => {
  const page = htmlReport(REPORT);

  test("says the headline and draws both pictures of a specialist", () => {
    expect(page).toContain("54.0 %");
    expect(page.match(/<svg /g)).toHaveLength(2);
    expect(page).toContain("certified 60 %: 3 of 180");
  });

  test("escapes what came from a log", () => {
    expect(page).toContain("route &lt;b&gt;shops&lt;/b&gt;");
    expect(page).not.toContain("<b>shops");
  });

  test("needs nothing from elsewhere and runs nothing", () => {
    expect(page).not.toMatch(/<script|<link|<img|https?:|url\(|@import|javascript:/);
  });

  test("draws no number that is none", () => {
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  test("closes what it opens", () => {
    for (const tag of ["svg", "figure", "section", "table", "dl", "div", "g", "ul"])
      expect([tag, page.split(`</${tag}>`).length]).toEqual([
        tag,
        page.split(new RegExp(`<${tag}[ >]`)).length,
      ]);
  });

  test("shows a task without a specialist, and an empty store", () => {
    const none = { ...TASK, specialist: null, certificate: null, picture: null, why: "no <form>" };
    expect(htmlReport({ ...REPORT, tasks: [none] })).toContain("no &lt;form&gt;");
    const empty = htmlReport({
      ...REPORT,
      calls: 0,
      tasks: [],
      certifiedShare: 0,
      certifiedShareInterval: null,
    });
    expect(empty).not.toMatch(/NaN|undefined/);
  });
});

describe("markup", () => {
  test("escapes texts and attributes, joins lists, leaves markup alone", () => {
    const inner = markup`<i>${"a&b"}</i>`;
    expect(markup`<p title="${`"'<>`}">${[inner, inner]}${null}${1.23456}\u0000</p>`.toString()).toBe(
      `<p title="&quot;&#39;&lt;&gt;"><i>a&amp;b</i><i>a&amp;b</i>1.235\u0000</p>`,
    );
  });

  test("takes out what no page may hold", () => {
    expect(markup`${"a\u0000b\ud800c"}`.toString()).toBe("a\ufffdb\ufffdc");
  });
});

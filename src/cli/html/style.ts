/** The look of the page: light, or dark where the reader's system is; no font, script or picture from elsewhere. */
export const STYLE = `
:root { color-scheme: light dark; --page: #fbfbfa; --card: #fff; --ink: #1b1f23; --soft: #5b646e; --rule: #dfe3e6; --line: #1f6f8b;
  --good: #2d7d46; --warn: #9a6700; --bad: #b3372f; --allowed: rgba(45, 125, 70, .09); }
@media (prefers-color-scheme: dark) { :root { --page: #14171a; --card: #1c2024; --ink: #e8eaed; --soft: #a2abb4; --rule: #343a40; --line: #6cc0dc;
  --good: #6fcf8d; --warn: #e0b252; --bad: #f0867d; --allowed: rgba(111, 207, 141, .12); } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 24px 64px; max-width: 1080px; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 15px; margin: 0; color: var(--soft); font-weight: 600; letter-spacing: .02em; }
h2 { font-size: 18px; margin: 40px 0 12px; }
h3 { font-size: 16px; margin: 0 0 2px; overflow-wrap: anywhere; }
p { margin: 4px 0; }
.big { font-size: 44px; line-height: 1.15; font-weight: 650; font-variant-numeric: tabular-nums; margin: 12px 0 0; }
.soft, .note, figcaption { color: var(--soft); }
.note { font-size: 12.5px; }
figure { margin: 0; min-width: 0; } figcaption { font-size: 13.5px; } figcaption b { color: var(--ink); display: block; font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
th { text-align: left; font-weight: 500; color: var(--soft); padding: 4px 10px 4px 0; border-bottom: 1px solid var(--rule); }
td { padding: 5px 10px 5px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
.num { text-align: right; white-space: nowrap; } .one { white-space: nowrap; } .wide { overflow-x: auto; }
a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: 2px; }
.verdict { font-weight: 600; white-space: nowrap; } .certified-text { color: var(--good); } .inconclusive-text { color: var(--warn); } .refused-text { color: var(--bad); }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 18px 20px; margin: 0 0 18px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 20px; margin: 14px 0 10px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 10px 0 0; font-size: 14px; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--soft); font: 11px system-ui, sans-serif; } svg .title { font-size: 11.5px; }
svg .label { font-size: 11.5px; } svg .strong { fill: var(--good); font-weight: 600; }
.grid { stroke: var(--rule); stroke-width: 1; } .axis { stroke: var(--soft); stroke-width: 1; }
.line { fill: none; stroke: var(--line); stroke-width: 2; stroke-linejoin: round; } .dot { fill: var(--line); stroke: var(--card); stroke-width: 1.5; }
.whisker { stroke: var(--line); stroke-width: 1.5; opacity: .55; } .ideal { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 4 4; }
.count { fill: var(--soft); opacity: .28; } .allowed { fill: var(--allowed); } .limit { stroke: var(--good); stroke-width: 1.2; stroke-dasharray: 5 3; }
line.certified { stroke: var(--good); stroke-width: 2.5; } circle.certified { fill: var(--good); stroke: var(--card); stroke-width: 1.5; }
.bar { display: flex; gap: 2px; height: 26px; border-radius: 5px; overflow: hidden; margin: 14px 0 10px; } .bar.small { height: 10px; margin: 6px 0; } .bar i { display: block; min-width: 1px; }
.key { display: flex; flex-wrap: wrap; gap: 4px 20px; list-style: none; margin: 0; padding: 0; font-size: 13.5px; } .key i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 7px; }
.s-certified { background: var(--good); } .s-one-off { background: #9aa3ab; } .s-untrained { background: #b9a48f; } .s-unserved { background: #7d8790; } .s-form { background: #5f7fa8; }
.s-model { background: #c0715a; } .s-score { background: #d9a24b; } .s-noise { background: #93679f; } .s-sample { background: #4fa3a5; }
@media print { body { max-width: none; } .card { break-inside: avoid; } }
`;

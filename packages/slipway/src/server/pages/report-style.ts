// Of reports that are one file of HTML: light and dark by tokens, printable, nothing loaded from elsewhere.

export const REPORT_STYLE: string = `
:root{color-scheme:light dark;--page:#f5f7f8;--panel:#fff;--line:#d5dde1;--text:#16232b;--soft:#546570;--bar:#2a8fbd;--even:#8b9aa3;--pass:#1b6e3c;--pass-back:#e3f4e9;--fail:#b3261e;--fail-back:#fdeceb;--warn:#855300;--warn-back:#fdf1dc;--skipped:#546570;--skipped-back:#e6edf0}
@media (prefers-color-scheme:dark){:root{--page:#10181d;--panel:#18232a;--line:#2c3b44;--text:#e7eef2;--soft:#9fb1bb;--bar:#3f9fca;--even:#60727d;--pass:#7fd6a0;--pass-back:#14321f;--fail:#ff9d95;--fail-back:#3a1c1a;--warn:#f0c074;--warn-back:#35270f;--skipped:#9fb1bb;--skipped-back:#26343c}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem;overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:0 0 .25rem}h2{font-size:1.15rem;margin:0 .75rem 0 0;display:inline}h3{font-size:1rem;margin:1rem 0 .25rem}p{margin:.4rem 0}.soft{color:var(--soft)}code{overflow-wrap:anywhere;font-size:.85em}
section,.summary{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:1rem 1.25rem;margin:1rem 0}
.verdict{display:inline-block;white-space:nowrap;border-radius:999px;padding:.1rem .7rem;font-weight:600;font-size:.9rem}
.pass{color:var(--pass);background:var(--pass-back)}.fail{color:var(--fail);background:var(--fail-back)}.warn{color:var(--warn);background:var(--warn-back)}.skipped{color:var(--skipped);background:var(--skipped-back)}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}caption{text-align:left;font-weight:600;padding:.6rem 0 .25rem}th,td{text-align:left;padding:.25rem .9rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word;max-width:40rem}th[scope=row]{min-width:9rem;font-weight:600}
dl{display:grid;grid-template-columns:minmax(0,max-content) minmax(0,1fr);gap:.1rem 1rem;font-size:.9rem;margin:.5rem 0}dt{color:var(--soft)}dd{margin:0}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(18rem,100%),1fr));gap:1rem}figure{margin:.75rem 0 0}figcaption{font-size:.9rem;color:var(--soft)}svg{display:block;width:100%;max-width:34rem;height:auto}svg text{fill:var(--text);font:11px system-ui,sans-serif}
.bar,.dot,.right{fill:var(--bar)}.wrong{fill:var(--fail)}.line{fill:none;stroke:var(--bar);stroke-width:2}.even{stroke:var(--even);stroke-dasharray:4 3}.whisker{stroke:var(--text);stroke-width:2}.frame{fill:none;stroke:var(--line)}
a{color:inherit}:focus-visible{outline:3px solid var(--bar);outline-offset:2px}
@media print{section{break-inside:avoid}}
`;

// One run: how it went, how its predictions and columns are distributed beside the model's profile, and what it said.

import type { VNode } from "preact";
import { api, page } from "../api/paths.ts";
import type { ColumnDrift, RunDetails, SeenOutput } from "../api/types.ts";
import { fullTime, numberText, percent, plural } from "../lib/format.ts";
import { useLoad } from "../lib/load.ts";
import { Chip, Facts, Failure, Loading, PageHead, Panel, Time } from "../parts/basics.tsx";
import { MadeWith, RunChip, tookText } from "../parts/batch.tsx";
import { Bars, PairedBars } from "../parts/paired-bars.tsx";

const EVERY_MS = 2000;

export function RunPage({ schedule, run: id }: { readonly schedule: string; readonly run: string }): VNode {
  const loaded = useLoad<RunDetails>(api.scheduleRun(schedule, id), EVERY_MS);
  const run = loaded.data;
  return <div class="page">
    <PageHead title={run === undefined ? "Run" : <>Run for {fullTime(run.dueAt)}</>} documentTitle={`A run of ${schedule}`} crumbs={[["Batch runs", page.batch], [schedule, page.schedule(schedule)]]} />
    {loaded.error !== undefined && <Failure error={loaded.error} retry={() => void loaded.reload()} />}
    {run === undefined && loaded.error === undefined && <Loading />}
    {run !== undefined && <>
      {run.state === "failed" && <div class="note bad"><strong>It failed.</strong><p>{run.reason}</p></div>}
      <Panel title="Run"><Facts rows={[
        ["State", <RunChip run={run} />],
        run.state === "running" && ["Done", <><progress max={100} value={run.percent} aria-label="Part of the input that is done" /> {run.percent}%</>],
        ["Why", run.cause === "manual" ? `started by ${run.createdBy}` : run.cause === "catch-up" ? "it was missed, and is made up for" : "by the clock"],
        run.attempt > 1 && ["Tries", run.attempt], run.state === "waiting" && run.nextAt !== null && ["Next try", <Time at={run.nextAt} />],
        run.reason !== null && run.state !== "failed" && [run.state === "waiting" ? "The try before" : "Because", run.reason],
        ["Model", <MadeWith run={run} />], ["Rows", run.rows.toLocaleString("en")], ["Bad rows", run.bad === 0 ? "0" : <>{run.bad.toLocaleString("en")}{run.summary?.errors !== undefined && <span class="soft small">, listed in <code>{run.summary.errors}</code></span>}</>],
        ["Took", tookText(run)], run.output !== null && ["Output", <code>{run.output}</code>],
      ]} /></Panel>
      {run.summary !== null && <Predictions drift={run.summary.drift ?? []} outputs={run.summary.outputs} />}
      {run.summary !== null && run.summary.drift !== undefined && <Columns drift={run.summary.drift} />}
      <Panel title="Log"><pre class="log" tabIndex={0} role="region" aria-label="What the run said">{run.log === "" ? "Nothing yet." : run.log}</pre></Panel>
    </>}
  </div>;
}

function Predictions({ drift, outputs }: { readonly drift: readonly ColumnDrift[]; readonly outputs: readonly SeenOutput[] }): VNode | null {
  const compared = drift.filter((d) => d.kind === "output" && d.bins !== undefined);
  const alone = outputs.filter((o) => !compared.some((d) => d.name === o.name));
  if (compared.length + alone.length === 0) return null;
  return <Panel title="Predictions">
    {compared.length > 0 && <p class="soft small">Each bar is a part of the rows: of this run, and of those that the model's profile was made of.</p>}
    <div class="pictures">
      {compared.map((d) => <PairedBars key={d.name} title={d.name} bins={d.bins!} />)}
      {alone.map((o) => <SeenAlone key={o.name} output={o} />)}
    </div>
  </Panel>;
}

function SeenAlone({ output: { name, labels, numbers } }: { readonly output: SeenOutput }): VNode {
  if (numbers !== undefined) return <div><h3>{name}</h3><Facts rows={[["Least", numberText(numbers.least)], ["Mean", numberText(numbers.sum / numbers.count)], ["Most", numberText(numbers.most)]]} /></div>;
  const entries = Object.entries(labels ?? {}).sort((a, b) => b[1] - a[1]).slice(0, 20);
  const total = Object.values(labels ?? {}).reduce((n, c) => n + c, 0);
  return <Bars title={name} labels={entries.map(([label]) => label)} now={entries.map(([, n]) => n / Math.max(1, total))} />;
}

const VERDICTS = { drifted: ["warn", "differs"], same: ["good", "as in the profile"], unknown: ["plain", "too few rows to say"] } as const;

function Columns({ drift }: { readonly drift: readonly ColumnDrift[] }): VNode {
  const drifted = drift.filter((d) => d.verdict === "drifted").length;
  return <Panel title="Columns beside the model's profile" flush>
    <p class="panel-text soft">{drifted === 0 ? `None of ${plural(drift.length, "column")} differs.` : `${drifted} of ${plural(drift.length, "column")} ${drifted === 1 ? "differs" : "differ"} by more than chance.`}</p>
    <div>{drift.map((d) => {
      const [tone, text] = VERDICTS[d.verdict];
      return <details class="result" key={`${d.kind} ${d.name}`}>
        <summary><span class="title">{d.name}</span><span class="why">{d.kind === "output" ? "output, " : ""}PSI {d.psi.toFixed(2)}{Math.abs(d.missing[0] - d.missing[1]) > 0.005 && `, missing ${percent(d.missing[0])}, before ${percent(d.missing[1])}`}</span><Chip tone={tone}>{text}</Chip></summary>
        <div class="inside">{d.bins === undefined ? <p class="soft">Pictures are kept of the columns that are furthest.</p> : <div class="pictures"><PairedBars title={d.name} bins={d.bins} /></div>}</div>
      </details>;
    })}</div>
  </Panel>;
}

// `slipway batch` side by side in one run with other ways to score files, and with the limit, a C program with the model in it.
//   node --conditions=@slipway/source bench/batch.ts FOLDER [--only NAME,...] [--rounds 3] [--json]
// FOLDER holds batch.json (the others' commands), their environments, models/ and data/ of make_data.py. Those that do not
// start are left out. Ours is what an installed package runs. Rounds take turns; ratios are medians over rounds of processor time and of wall time, peaks of memory
// are the largest seen. The answers of each are compared with data/batch_ref.json. Needs GNU time.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { CsvReader } from "../packages/slipway/src/runtime/index.ts";
import { installedCommand } from "./shared/installed.ts";
import { median } from "./shared/wrk.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: "string" }, rounds: { type: "string", default: "3" }, json: { type: "boolean", default: false } } });
if (positionals[0] === undefined) throw new Error("the folder with batch.json is needed");
const root = resolve(positionals[0]);
const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));

interface Contender {
  readonly name: string;
  readonly kind: "csv" | "parquet";
  readonly cmd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly verify?: boolean;
}
const bin = await installedCommand(folder);
const pack = spawnSync(process.execPath, [bin, "pack", join(root, "models/m1.pkl"), "-o", join(folder, "m1.slip")], { encoding: "utf8" });
if (pack.status !== 0) throw new Error(pack.stderr);
const ours = (kind: "csv" | "parquet"): Contender => ({ name: `slipway_${kind}`, kind, cmd: `${process.execPath} ${bin} batch ${folder}/m1.slip --in data/batch.${kind} --out {out}.${kind} --keep id --outputs probabilities` });
const others = (JSON.parse(readFileSync(join(root, "batch.json"), "utf8")) as Contender[]).filter((c) => existsSync(join(root, c.cmd.split(" ")[0]!)) || c.cmd.startsWith("node "));
const contenders = [ours("csv"), ours("parquet"), ...others].filter((c) => values.only === undefined || c.name.startsWith("slipway") || values.only.split(",").includes(c.name));
const reference = new Map(JSON.parse(readFileSync(join(root, "data/batch_ref.json"), "utf8")) as [number, number][]);

interface Measured {
  readonly wall: number;
  readonly cpu: number;
  readonly mb: number;
}
function measure({ cmd, env, name }: Contender): Measured | undefined {
  const out = join(folder, `out_${name}`);
  for (const left of readdirSync(folder)) if (left.startsWith("out_")) rmSync(join(folder, left), { recursive: true });
  const done = spawnSync("/usr/bin/time", ["-f", "TIMED %e %U %S %M", ...cmd.replace("{out}", out).split(" ")], { cwd: root, encoding: "utf8", env: { ...process.env, ...Object.fromEntries(Object.entries(env ?? {}).map(([k, v]) => [k, v.replace("{root}", root).replace("{PATH}", process.env["PATH"]!)])) }, timeout: 900_000 });
  const found = /TIMED ([\d.]+) ([\d.]+) ([\d.]+) (\d+)/.exec(done.stderr);
  if (done.status !== 0 || found === null) {
    console.error(`${name}: ${done.stderr.slice(-300)}`);
    return undefined;
  }
  return { wall: Number(found[1]), cpu: Number(found[2]) + Number(found[3]), mb: Math.round(Number(found[4]) / 1024) };
}
/** The largest difference from the reference; of CSV, whose last or named column is the probability. */
function largestDifference({ kind, name }: Contender): number | undefined {
  if (kind !== "csv") return undefined;
  let largest = 0;
  let seen = 0;
  for (const file of readdirSync(folder).filter((f) => f.startsWith(`out_${name}`) && !f.endsWith(".json"))) {
    let column = -1;
    const reader = new CsvReader((fields) => {
      if (column < 0) {
        column = fields.indexOf("probabilities.1");
        if (column < 0) column = fields.length - 1;
      }
      const expected = reference.get(Number(fields[0]));
      if (expected === undefined) return;
      seen++;
      largest = Math.max(largest, Math.abs(Number(fields[column]) - expected));
    });
    reader.push(readFileSync(join(folder, file), "utf8"));
    reader.end();
  }
  if (seen < reference.size) throw new Error(`${name} answered ${seen} of ${reference.size} rows of the reference`);
  return largest;
}

try {
  const measured = new Map<Contender, Measured[]>();
  const differences = new Map<Contender, number | undefined>();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const contender of contenders) {
      if (round > 0 && !measured.has(contender)) continue;
      const found = measure(contender);
      if (found === undefined) continue;
      measured.set(contender, [...(measured.get(contender) ?? []), found]);
      if (round === 0 && contender.verify !== false) differences.set(contender, largestDifference(contender));
    }
  }
  const rows = [...measured].map(([contender, rounds]) => {
    const base = measured.get(contenders.find((c) => c.name === `slipway_${contender.kind}`)!)!;
    return {
      name: contender.name, "wall s": median(rounds.map((r) => r.wall)), "cpu s": median(rounds.map((r) => r.cpu)), MB: Math.max(...rounds.map((r) => r.mb)),
      "wall x ours": Number(median(rounds.map((r, i) => r.wall / base[i]!.wall)).toPrecision(3)), "cpu x ours": Number(median(rounds.map((r, i) => r.cpu / base[i]!.cpu)).toPrecision(3)), "off by": differences.get(contender)?.toExponential(1) ?? "",
    };
  });
  if (values.json) console.log(JSON.stringify(rows));
  else console.table(rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

// The resident set of `slipway batch` over a long run, as a picture: rows of a CSV repeated until there are enough.
//   node --conditions=@slipway/source bench/batch-memory.ts PACKAGE CSV ROWS FOLDER OUT.svg
// FOLDER takes the input and the output (some 6 GB for 20 million rows of 170 bytes). Linux: the resident set is read from /proc.

import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { installedCommand } from "./shared/installed.ts";

const [pkg, csv, rowsText, folder, picture] = process.argv.slice(2) as [string, string, string, string, string];
const wanted = Number(rowsText);
const bin = await installedCommand(folder);
const EVERY_MS = 250;

/** Gives how many rows there are. */
function writeInput(path: string): number {
  const text = readFileSync(csv);
  const head = text.indexOf(0x0a) + 1;
  const body = text.subarray(head);
  let lines = 0;
  for (let at = body.indexOf(0x0a); at >= 0; at = body.indexOf(0x0a, at + 1)) lines++;
  const file = openSync(path, "w");
  const put = (bytes: Buffer): void => {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  };
  put(text.subarray(0, head));
  let rows = 0;
  for (; rows < wanted; rows += lines) put(body);
  closeSync(file);
  return rows;
}

interface Sample {
  readonly seconds: number;
  readonly mb: number;
}

async function sampled(input: string, output: string): Promise<{ samples: Sample[]; said: string }> {
  const began = performance.now();
  const child = spawn(process.execPath, [bin, "batch", pkg, "--in", input, "--out", output, "--keep", "id", "--overwrite", "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (piece) => (said += String(piece)));
  const samples: Sample[] = [];
  const sampling = setInterval(() => {
    try {
      const kb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? NaN);
      if (kb > 0) samples.push({ seconds: (performance.now() - began) / 1000, mb: kb / 1024 });
    } catch {
      // It ended.
    }
  }, EVERY_MS);
  const code = await new Promise<number | null>((done) => child.once("close", done));
  clearInterval(sampling);
  if (code !== 0) throw new Error(`the run ended with ${code}`);
  return { samples, said };
}

function drawn(samples: readonly Sample[], rows: number): string {
  const [width, height, left, bottom, top] = [900, 320, 56, 36, 34];
  const end = samples.at(-1)!.seconds;
  const most = Math.max(250, ...samples.map((s) => s.mb)) * 1.05;
  const x = (s: number): number => left + (s / end) * (width - left - 16);
  const y = (mb: number): number => height - bottom - (mb / most) * (height - bottom - top);
  const line = samples.map((s, i) => `${i === 0 ? "M" : "L"}${x(s.seconds).toFixed(1)} ${y(s.mb).toFixed(1)}`).join("");
  const text = (at: number, down: number, words: string, anchor: string): string => `<text x="${at}" y="${down}" text-anchor="${anchor}">${words}</text>`;
  const marks = [50, 100, 150, 200].map((mb) => `<path d="M${left} ${y(mb)}H${width - 16}" stroke="#ddd"/>${text(left - 6, y(mb) + 4, String(mb), "end")}`).join("");
  const peak = Math.round(Math.max(...samples.map((s) => s.mb)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#333"><rect width="${width}" height="${height}" fill="#fff"/>${marks}`
    + `${text(left, 20, `slipway batch, ${(rows / 1e6).toFixed(0)} million rows from CSV to CSV: resident set in MB, at most ${peak}`, "start")}${text(left, height - 12, "0 s", "start")}${text(width - 16, height - 12, `${Math.round(end)} s`, "end")}`
    + `<path d="${line}" fill="none" stroke="#2563eb" stroke-width="1.5"/></svg>\n`;
}

const [input, output] = [join(folder, "long.csv"), join(folder, "long-out.csv")];
try {
  const rows = writeInput(input);
  const { samples, said } = await sampled(input, output);
  writeFileSync(picture, drawn(samples, rows));
  const tenth = samples.slice(Math.floor(samples.length / 10));
  const half = (part: readonly Sample[]): number => Math.round(part.reduce((n, s) => n + s.mb, 0) / part.length);
  const { rows: scored, seconds } = JSON.parse(said) as { rows: number; seconds: number };
  console.log({ rows: scored, seconds: Math.round(seconds), peakMb: Math.round(Math.max(...samples.map((s) => s.mb))), meanMb: { first: half(tenth.slice(0, tenth.length >> 1)), second: half(tenth.slice(tenth.length >> 1)) } });
} finally {
  for (const path of [bin, input, output, `${output}.run.json`]) rmSync(path, { force: true });
}

// The commands of docs/monitoring.md, in their order, on customers that change.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { normalNumbers, randomNumbers } from "../packages/core/src/stats/index.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = readFileSync(`${root}/docs/monitoring.md`, "utf8");
const lines = [...text.matchAll(/```bash\n([^]*?)```/g)].flatMap(([, block]) => block!.trim().split("\n"));
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-"));
const slipway = [process.execPath, `${root}/packages/slipway/bin/slipway.mjs`];
let server: ChildProcess | undefined;
let url = "";

/** Customers, whose tenure is around so many months. */
function customers(count: number, tenure: number, seed: number): string {
  const random = randomNumbers(seed);
  const normal = normalNumbers(random);
  const one = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const rows = Array.from({ length: count }, (_, i) => [one(["month-to-month", "one year", "two years"]), one(["dsl", "fibre", "none"]), Math.max(1, Math.round(tenure + 12 * normal())), random() < 0.05 ? "" : (60 + 20 * normal()).toFixed(2), Math.floor(5 * random()), random() < 0.3 ? "True" : "False", `c-${i}`]);
  return `contract,internet,tenure_months,monthly_charges,support_calls,senior,customer_id\n${rows.map((r) => r.join(",")).join("\n")}\n`;
}
/** Rows of the sales example with what was sold in the end: about what was predicted. */
function holdout(): string {
  const [head, ...rows] = readFileSync(`${root}/examples/sales-forecast/check.csv`, "utf8").trim().split("\n");
  return [head!.replace(/value$/, "price"), ...rows.map((row, i) => row.replace(/[^,]*$/, (value) => String(Number(value) * (1 + 0.1 * Math.sin(i)))))].join("\n");
}
const withoutKey = (csv: string): string => csv.replace(/,[^,\n]*$/gm, "");

beforeAll(() => {
  copyFileSync(`${root}/examples/churn/churn.joblib`, join(folder, "churn.joblib"));
  writeFileSync(join(folder, "train.csv"), withoutKey(customers(3000, 40, 1)));
  writeFileSync(join(folder, "last-week.csv"), withoutKey(customers(1500, 48, 2)));
  copyFileSync(`${root}/examples/sales-forecast/sales.joblib`, join(folder, "price.joblib"));
  writeFileSync(join(folder, "holdout.csv"), holdout());
  const shop = new DatabaseSync(join(folder, "shop.db"));
  shop.exec("create table outcomes (customer_id text, outcome text, decided_at text)");
  for (let i = 45; i < 55; i++) shop.prepare("insert into outcomes values (?, ?, ?)").run(`c-${i}`, "stays", `2030-01-02 10:${i}`);
  shop.close();
  writeFileSync(join(folder, "outcomes.csv"), `customer_id,outcome\n${Array.from({ length: 50 }, (_, i) => `c-${i},${i % 3 === 0 ? "leaves" : "stays"}`).join("\n")}\n`);
});
afterAll(() => {
  server?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

async function serve(line: string): Promise<void> {
  server?.kill("SIGKILL");
  const store = / --monitor-store (\S+)/.exec(line)![1]!;
  const args = line.replace(/--port 808\d/, "--port 0 --json --drain-ms 0 --monitor-interval 200ms --log-level error").split(" ").slice(1);
  server = spawn(slipway[0]!, [slipway[1]!, ...args], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  for await (const piece of server.stdout as AsyncIterable<Buffer>) {
    url = /"url":\s*"([^"]+)"/.exec(out += piece.toString())?.[1] ?? "";
    if (url !== "") break;
  }
  const answer = await fetch(`${url}/predict`, { method: "POST", headers: { "content-type": "text/csv" }, body: customers(600, 48, 3) });
  expect(answer.headers.get("x-prediction-id")).toMatch(/-/);
  // Written within the interval.
  for (let tries = 0; tries < 50 && !run(`slipway monitor status --store ${store}`).out.includes("600"); tries++) await new Promise((r) => setTimeout(r, 100));
}
function run(line: string): { readonly code: number; readonly out: string } {
  const command = line.replace(/^slipway /, `${slipway.join(" ")} `).replaceAll("http://127.0.0.1:8080", url);
  try {
    return { code: 0, out: execFileSync("bash", ["-c", command], { cwd: folder, encoding: "utf8" }) };
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return { code: status, out: stdout };
  }
}
const EXPECTED: readonly (readonly [RegExp, number, string])[] = [
  [/ pack price/, 0, "price"], [/ pack /, 0, "churn"], [/ report /, 1, "tenure_months"], [/ status --store/, 1, "drift"], [/ status churn/, 1, "tenure_months"],
  [/ labels --from/, 0, "10 labels: 5 new"], [/\/monitor$/, 0, '"state":"drift"'], [/models\/churn/, 0, '"tenure_months"'], [/feedback -H/, 0, '"new":1'], [/monitor feedback/, 0, "50 labels: 49 new, 0 corrected, 1 known"],
  [/monitor query/, 0, "stays"], [/monitor export/, 0, "600 predictions"], [/monitor erase/, 0, "erased: 1 predictions, 0 labels, 1 lines"],
];

describe("the commands of docs/monitoring.md", () => {
  it.each(lines)("%s", async (line) => {
    if (line.startsWith("slipway serve")) return serve(line);
    const [, code, says] = EXPECTED.find(([pattern]) => pattern.test(line))!;
    let { code: found, out } = run(line);
    // The log of predictions is written within its interval, too.
    for (let tries = 0; tries < 50 && line.includes("monitor query") && !out.includes(says); tries++) {
      await new Promise((r) => setTimeout(r, 100));
      ({ code: found, out } = run(line));
    }
    expect(out).toContain(says);
    expect(found).toBe(code);
    if (line.includes("drift.html")) expect(readFileSync(join(folder, "drift.html"), "utf8")).toContain("<svg");
  }, 60_000);
  it("leave accuracy by the labels that came, and a log without what was struck out", () => {
    const view = JSON.parse(run("slipway monitor status churn --store monitor.db --json").out) as { accuracy: { points: readonly { kept: number; labelled: number; metrics: { accuracy: number } }[] } };
    expect(view.accuracy.points.at(-1)).toMatchObject({ kept: 600, labelled: 55 });
    expect(view.accuracy.points.at(-1)!.metrics.accuracy).toBeGreaterThan(0);
    expect(run(`slipway monitor query predictions "select distinct input.monthly_charges as c from predictions where input.monthly_charges is not null" --json`).out).toContain('"[redacted]"');
  });
});

// For tests: the churn example as packages, good ones and one that is wrong.

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { buildPackage, writeSlip, type ModelPackage } from "../packages/core/src/package/index.ts";
import { packModel } from "../packages/slipway/src/runtime/pack.ts";

const example = (file: string): string => fileURLToPath(new URL(`../examples/churn/${file}`, import.meta.url));

export const CHURN_FILE: string = example("churn.joblib");
export const CHURN_ROW = { contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: 40, support_calls: 2, senior: false };

/** With its golden rows. */
export async function churnPackage(version: string): Promise<ModelPackage> {
  const check = readFileSync(example("check.csv"), "utf8");
  return (await packModel(CHURN_FILE, await readFile(CHURN_FILE), { name: "churn", version, prove: true, check: { file: "check.csv", text: check } })).package;
}
export async function churnSlip(version: string): Promise<Buffer> {
  return Buffer.from(writeSlip(await churnPackage(version)));
}

/** The labels of its golden rows exchanged, as when classes were encoded in another order: not what the model answers. */
export async function wrongChurnSlip(version: string): Promise<Buffer> {
  const good = await churnPackage(version);
  const checks = good.checks!;
  const label = checks.expected["label"]!.map((l) => (String(l) === "stays" ? ["leaves"] : ["stays"]));
  return Buffer.from(writeSlip(await buildPackage({ ...good, checks: { ...checks, expected: { ...checks.expected, label } } })));
}

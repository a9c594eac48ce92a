// The check's own process, started in a network of its own where the machine allows that: there every port is free, and what
// the image opens is open to nobody else. Reads its plan from the file that it is given, and prints the result.

import { readFileSync, writeSync } from "node:fs";
import { SlipwayError } from "@slipway/core/base";
import { expectedOf } from "./expected.ts";
import type { CheckPlan, CheckResult } from "./plan.ts";
import { runHttp } from "./run-http.ts";
import { runLambdaCheck } from "./run-lambda.ts";
import { CONTRACTS } from "./targets/index.ts";

async function result(plan: CheckPlan): Promise<CheckResult> {
  const contract = CONTRACTS.find((c) => c.name === plan.target)!;
  try {
    const expected = await expectedOf(plan, contract.kind === "http" ? contract.env : {});
    try {
      return { findings: contract.kind === "http" ? await runHttp(contract, plan, expected) : await runLambdaCheck(contract, plan, expected) };
    } finally {
      await expected.close();
    }
  } catch (error) {
    if (error instanceof SlipwayError) return { error: { code: error.code, message: error.message } };
    throw error;
  }
}

writeSync(1, JSON.stringify(await result(JSON.parse(readFileSync(process.argv[2]!, "utf8")) as CheckPlan)));
// Connections that were kept open would hold it.
process.exit(0);

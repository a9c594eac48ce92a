// The image on AWS Lambda: the same models, settings and interface as `slipway serve`, asked by events. Who may ask is
// Lambda's to say (IAM, or an authorizer in front), unless keys or tokens are set.

import { VERSION } from "@slipway/core/base";
import { resolveConfig, SERVE_SETTINGS } from "../config/index.ts";
import { RuntimeApi, runLambda } from "../functions/index.ts";
import { createLog, createServer, fetchHandler } from "../server/index.ts";
import { hostingOf } from "./hosting.ts";
import { printError, printNote } from "./output.ts";
import { accessOptions } from "./serve-access.ts";
import { openServedModels } from "./serve-models.ts";
import { telemetryOptions } from "./serve-telemetry.ts";

/** @param api "127.0.0.1:9001" @returns the exit code, when Lambda has ended it */
export async function lambda(api: string): Promise<number> {
  // Lambda sends it only where extensions want it, and then waits for the process to end.
  process.once("SIGTERM", () => process.exit(0));
  try {
    await runLambda(new RuntimeApi(api), async () => {
      const hosting = hostingOf(process.env, process.env["SLIPWAY_MODELS"] === undefined);
      const { settings, notes } = await resolveConfig(SERVE_SETTINGS, { env: { ...hosting?.defaults, ...process.env }, file: process.env["SLIPWAY_CONFIG"] });
      for (const note of notes) printNote(`note: ${note}`);
      const log = createLog({ level: settings.logLevel, pretty: false });
      const models = await openServedModels(settings, hosting?.model === undefined ? [] : [hosting.model], { log });
      const { auth, limits, corsOrigins } = accessOptions(settings);
      return fetchHandler(createServer({ models, options: { bodyLimit: settings.bodyLimit, requestTimeoutMs: settings.requestTimeout, version: VERSION, auth, limits, corsOrigins, ...telemetryOptions(settings), log } }));
    });
    return 0;
  } catch (error) {
    return printError(error, false);
  }
}

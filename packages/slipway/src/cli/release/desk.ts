// Where requests are opened and decided: in the store of this folder or of the environment, or at a running service.

import type { RequestDetails } from "../../approvals/index.ts";
import type { Action } from "../../server/index.ts";
import { usageError, type Invocation, type OptionSpec } from "../command.ts";
import { isUrl } from "../service-url.ts";
import { actingOptions, actingPerson, apiKeyOf } from "../registry/acting.ts";

export interface Subject {
  readonly model: string;
  readonly version: number;
  readonly alias: string;
}
export interface GivenDecision {
  readonly decision: "approve" | "reject";
  readonly as: string | null;
  readonly comment: string | null;
  readonly envelope?: object;
}
export interface ReleaseDesk {
  /** Whose acts these are. */
  person(): Promise<string>;
  ask(subject: Subject, comment: string): Promise<RequestDetails>;
  /** The open request, or the latest one. @throws request-unknown */
  find(subject: Subject): Promise<RequestDetails>;
  decide(id: string, decision: GivenDecision): Promise<RequestDetails>;
  /** Makes a public key known as the person's. */
  register(pem: string): Promise<void>;
  /** @param expected the version that the alias names now; that of the request's time where it is undefined */
  promote(request: RequestDetails, expected: number | null | undefined, override: string | undefined): Promise<RequestDetails>;
  close(): Promise<void>;
}

export const DEFAULT_ALIAS = "production";

export const deskOptions: Readonly<Record<string, OptionSpec>> = {
  alias: { type: "string", value: "NAME", help: `the alias that is to name the version (${DEFAULT_ALIAS} by default)` },
  server: { type: "string", value: "URL", help: "a running service (slipway up); SLIPWAY_SERVER does the same. Without it, the registry of this folder or of the environment" },
  ...actingOptions,
};

/** @param action what the caller has to be allowed, where the store is opened here */
export async function withDesk(call: Invocation, action: Action, work: (desk: ReleaseDesk) => Promise<number>): Promise<number> {
  const server = call.text("server") ?? process.env["SLIPWAY_SERVER"];
  if (server !== undefined && !isUrl(server)) throw usageError("bad-argument", `--server is ${JSON.stringify(server)}`, { hint: "Give an address such as http://127.0.0.1:8080." });
  const desk = server === undefined ? await openHere(call, action) : new (await import("./remote-desk.ts")).RemoteDesk(server, apiKeyOf(call));
  try {
    return await work(desk);
  } finally {
    await desk.close();
  }
}

async function openHere(call: Invocation, action: Action): Promise<ReleaseDesk> {
  const acting = actingPerson(call, action);
  acting.allow(subjectOf(call).model);
  return (await import("./local-desk.ts")).openLocalDesk(acting);
}

/** MODEL:VERSION, with --alias. */
export function subjectOf(call: Invocation): Subject {
  const [, model, version] = /^([A-Za-z0-9][A-Za-z0-9._-]{0,127}):(\d{1,9})$/.exec(call.args[0]!) ?? [];
  if (model === undefined || Number(version) < 1) throw usageError("bad-argument", `${JSON.stringify(call.args[0]!.slice(0, 150))} is not MODEL:VERSION`, { hint: "For example churn:3. slipway registry versions churn lists them." });
  return { model, version: Number(version), alias: call.text("alias") ?? DEFAULT_ALIAS };
}

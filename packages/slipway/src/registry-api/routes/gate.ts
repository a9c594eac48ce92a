// The gate of a version, and its report.

import { reportPage } from "../../gate/index.ts";
import { jsonAnswer, type Call, type Route } from "../../server/index.ts";
import type { GateRun } from "../answers.ts";
import { apiError } from "../errors.ts";
import { actorOf, bodyOf, countIn, textIn, versionOf } from "../request.ts";
import type { RegistryServices } from "../services.ts";
import { listOf, OBJECT, orNull, route, TEXT, TIME, VERSION } from "./route.ts";

const MAX_DATA = 32 * 2 ** 20;

export function gateRoutes({ registry, gate, gateSettings }: RegistryServices): Route[] {
  const at = "/models/{name}/versions/{version}";
  const reportOf = async (call: Call) => {
    const { model, version, reference } = versionOf(call);
    await registry.version(reference);
    const { report } = await gate.get(model, version);
    if (report === null) throw apiError("gate-none", `${reference} has no report of the gate`, { hint: `POST ${at.replace("{name}", model).replace("{version}", String(version))}/gate runs it.` });
    return report;
  };
  return [
    route("POST", `${at}/gate`, "offer", { summary: "Run the gate. `data`: labelled rows (CSV), `target`: their column that says what was true, `baseline`: a version to compare with", body: { "data?": TEXT, "target?": TEXT, "slices?": listOf(TEXT), "baseline?": VERSION } }, async (call) => {
      const { model, version } = versionOf(call);
      const body = bodyOf(call, MAX_DATA);
      const { slices = [] } = body;
      if (!Array.isArray(slices) || slices.length > 100 || !slices.every((s) => typeof s === "string")) throw apiError("body-invalid", "slices is a list of columns", { where: "slices" });
      const data = body["data"] === undefined ? undefined : { text: textIn(body, "data"), target: textIn(body, "target"), slices: slices as string[] };
      await gate.start(model, version, { settings: gateSettings, data, ...(data === undefined || body["baseline"] === undefined ? {} : { baseline: countIn(body, "baseline") }) }, actorOf(call));
      return jsonAnswer({ state: "running" }, 202);
    }),
    route("GET", `${at}/gate`, "read", { summary: "How far the gate is, and its last report", answer: { state: { enum: ["none", "running", "green", "red", "failed"] }, at: orNull(TIME), reason: orNull(TEXT), report: orNull(OBJECT) } }, async (call) => {
      const { model, version, reference } = versionOf(call);
      await registry.version(reference);
      return jsonAnswer((await gate.get(model, version)) satisfies GateRun);
    }),
    route("GET", `${at}/report.json`, "read", { summary: "The last report, for machines" }, async (call) => jsonAnswer(await reportOf(call))),
    route("GET", `${at}/report`, "read", { summary: "The last report, for people", answer: "text/html" }, async (call) => {
      const report = await reportOf(call);
      let page: string;
      try {
        page = reportPage(report);
      } catch (cause) {
        throw apiError("gate-none", "the report that is attached cannot be shown", { cause });
      }
      return { headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox" }, body: page };
    }),
  ];
}

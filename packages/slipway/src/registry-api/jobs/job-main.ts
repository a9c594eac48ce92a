// The process that reads, packs and tests models which somebody offered: one job, then it ends. Whatever a model does to it,
// the server stays.

import { writeFile } from "node:fs/promises";
import { SlipwayError } from "@slipway/core/base";
import { writeSlip } from "@slipway/core/package";
import { runGate } from "../../gate/index.ts";
import { openModel } from "../../runtime/index.ts";
import type { GateJobRequest, JobMessage, JobRequest, PackAnswer, PackRequest } from "./messages.ts";

process.once("message", (request: JobRequest) => {
  void answer(request).then((message) => process.send!(message, () => process.disconnect()));
});

async function answer(request: JobRequest): Promise<JobMessage> {
  try {
    return { answer: request.kind === "pack" ? await pack(request) : await gate(request) };
  } catch (error) {
    const { code, kind, message, where, hint } = error instanceof SlipwayError ? error : new SlipwayError("job-failed", "internal", error instanceof Error ? error.message : String(error));
    return { failure: { code, kind, message, where, hint } };
  }
}

async function pack({ path, name, version, out }: PackRequest): Promise<PackAnswer> {
  const { package: pkg, imported } = await openModel(path, { name, ...(version === undefined ? {} : { version }) });
  if (imported === undefined) return { name: pkg.manifest.name, path, warnings: [] };
  await writeFile(out, writeSlip(pkg), { mode: 0o600, flag: "wx" });
  return { name: pkg.manifest.name, path: out, warnings: imported.compiled.warnings };
}

async function gate({ path, settings, baseline, data }: GateJobRequest): ReturnType<typeof runGate> {
  return runGate({
    package: (await openModel(path)).package, settings,
    ...(data === undefined ? {} : { data: { file: "labelled.csv", text: data.text, target: data.target }, slices: data.slices }),
    ...(baseline === undefined ? {} : { baseline: (await openModel(baseline)).package }),
  });
}

// The process that reads, packs and tests models which somebody offered: one job, then it ends. Whatever a model does to it,
// the server stays.

import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import { writeSlip } from "@slipway/core/package";
import { runGate } from "../../gate/index.ts";
import { openModel } from "../../runtime/index.ts";
import { apiError } from "../errors.ts";
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

async function pack({ path, name, version, check, out }: PackRequest): Promise<PackAnswer> {
  const checked = check === undefined ? {} : { check: { file: basename(check), text: await readText(check) } };
  const { package: pkg, imported, notes = [] } = await openModel(path, { name, ...(version === undefined ? {} : { version }), ...checked });
  if (imported === undefined) {
    if (check !== undefined) throw apiError("check-unwanted", "a package has its checked rows inside, and a check file came beside it", { hint: "Offer the package alone, or the saved model with the check file." });
    return { name: pkg.manifest.name, path, warnings: [] };
  }
  await writeFile(out, writeSlip(pkg), { mode: 0o600, flag: "wx" });
  return { name: pkg.manifest.name, path: out, warnings: notes };
}

/** UTF-8, with or without its mark; nothing is guessed. @throws check-unwanted */
async function readText(path: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    throw apiError("check-unwanted", "the check file is not text in UTF-8", { hint: "Save it as CSV in UTF-8.", cause });
  }
}

async function gate({ path, settings, baseline, data }: GateJobRequest): ReturnType<typeof runGate> {
  return runGate({
    package: (await openModel(path)).package, settings,
    ...(data === undefined ? {} : { data: { file: "labelled.csv", text: data.text, target: data.target }, slices: data.slices }),
    ...(baseline === undefined ? {} : { baseline: (await openModel(baseline)).package }),
  });
}

// slipway test PKG|FILE: the gate.

import { basename } from "node:path";
import { readCheckFile, sha256, withMetrics, type Checks, type ModelPackage, type Profile, type Signature } from "@slipway/core/package";
import { resolveConfig, SERVE_SETTINGS } from "../config/index.ts";
import { GATE_PREDICATE, junitXml, measuredMetrics, readTraining, reportPage, reportText, runGate, runTargets, scoreOf, targetsText, testResultOf } from "../gate/index.ts";
import { openModel, openPython, pythonPackage, readCheckRows, type PythonOptions, type PythonPackage } from "../runtime/index.ts";
import { filesOf } from "../signing/index.ts";
import { readRows } from "../tables/index.ts";
import { defineCommand, usageError, type Command, type Invocation } from "./command.ts";
import { engineOf, pythonEngineOptions, pythonOf } from "./engine-option.ts";
import { printJson, printNote, printResult, progress } from "./output.ts";
import { readText } from "./read-text.ts";
import { attestReport, BOM_PREDICATE } from "./attest-report.ts";
import { DEFAULT_KEY, passwordOption, signingKeyOf } from "./signing-key.ts";
import { writeFileWhole } from "./write-file.ts";

export const test: Command = defineCommand({
  name: "test",
  summary: "the gate: whether a model may be released",
  usage: "PKG|FILE [--data labelled.csv --target COLUMN] [--baseline OTHER.slip] [--report report.html] [--junit file.xml]",
  arguments: [{ name: "PKG|FILE", help: "a package (a file, or oci://HOST/REPOSITORY:TAG) or a saved model", package: true }],
  options: {
    data: { type: "string", value: "FILE", help: "labelled rows (CSV, JSON, JSON lines, Parquet or Arrow, of any size): the model's columns and what was true" },
    target: { type: "string", value: "COLUMN", help: "which column of the labelled rows says what was true" },
    training: { type: "string", value: "FILE", help: "rows that the model was trained on, in place of the package's profile" },
    slice: { type: "string", value: "COLUMN", multiple: true, help: "tell quality by the values of this column of the labelled rows; may be repeated" },
    baseline: { type: "string", value: "PKG|FILE", package: true, help: "a model to compare with on the labelled rows, such as the one in production" },
    report: { type: "string", value: "FILE", help: "write a page for people (.html)" },
    attest: { type: "boolean", help: "sign the report with --key and attach it to the package: a statement about its digest that others can verify" },
    key: { type: "string", value: "KEY", help: `the private key for --attest, PEM (${DEFAULT_KEY} by default)` },
    "password-file": passwordOption,
    bom: { type: "string", value: "FILE", help: "write the package's CycloneDX document with what was measured on the labelled rows" },
    junit: { type: "string", value: "FILE", help: "write JUnit XML for a CI" },
    targets: { type: "boolean", help: "instead of the gate: the checked rows on every target there is here (engines, server, workers, batch, image, Lambda, functions, browser, arm64), as one table" },
    browser: { type: "string", value: "PROGRAM", help: "a Chromium or Chrome in which the browser's module is run; gate.browser of the configuration by default" },
    config: { type: "string", value: "FILE", help: "the configuration, whose section gate sets the bars; slipway.config.yaml, .json or .ts of this folder by default" },
    seed: { type: "string", value: "N", help: "of what is drawn at random (1 by default)" },
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
    preprocess: { type: "string", value: "FILE", multiple: true, help: "a fitted scaler or encoder that was saved beside the model and is applied before it" },
    ...pythonEngineOptions,
    check: { type: "string", value: "FILE", help: "rows with the model's columns and what it predicted in the notebook; those of the package by default" },
  },
  examples: ["slipway test churn.slip", "slipway test churn.slip --data labelled.csv --target churned --slice contract --report churn.html", "slipway test churn.slip --data labelled.csv --target churned --baseline production.slip --junit gate.xml", "slipway test churn.slip --targets --browser /usr/bin/chromium"],
  async run(call) {
    const dataFile = call.text("data");
    const target = call.text("target");
    if ((dataFile === undefined) !== (target === undefined)) throw usageError("missing-argument", dataFile === undefined ? "--target names a column of the labelled rows, and there are none" : "the labelled rows need --target", { hint: "Give --data FILE and --target COLUMN." });
    for (const name of ["slice", "baseline"]) {
      if (dataFile === undefined && (call.text(name) !== undefined || call.texts(name).length > 0)) throw usageError("missing-argument", `--${name} needs labelled rows`, { hint: "Give --data FILE and --target COLUMN." });
    }
    const { settings, notes } = await resolveConfig(SERVE_SETTINGS, { file: call.text("config") ?? process.env["SLIPWAY_CONFIG"], folder: process.cwd() });
    for (const note of notes) printNote(`note: ${note}`);
    const attest = call.flag("attest");
    const key = attest ? await signingKeyOf(call, call.text("key") ?? DEFAULT_KEY) : undefined;
    const line = progress();
    line.update("reading ...");
    const entry = call.text("entry");
    const python = pythonOf(call);
    if (python !== undefined) for (const name of ["targets", "attest"]) if (call.flag(name)) throw usageError("bad-argument", `--${name} is of packages, and this model is run by Python`, { hint: "Leave it out; --report and --junit are written all the same." });
    const opened = python !== undefined ? await openedInPython(call.args[0]!, python) : await openModel(call.args[0]!, { preprocess: call.texts("preprocess"), ...(entry === undefined ? {} : { entry }) });
    const browser = call.text("browser") ?? settings.gate?.browser;
    if (call.flag("targets")) return printTargets(call, opened.package, browser, line);
    const baseline = call.text("baseline") ?? (dataFile === undefined || settings.gate?.baseline === undefined ? undefined : await localModel(settings.gate.baseline));
    const check = call.text("check");
    const training = call.text("training");
    const seed = call.count("seed", [1, 2 ** 31 - 1]);
    const report = await runGate({
      package: opened.package, settings: { ...settings.gate, ...(browser === undefined ? {} : { browser }) }, engine: python === undefined ? engineOf(call) : "auto", slices: call.texts("slice"),
      ...(check === undefined ? {} : { checks: await readChecks(check, opened.package.signature) }),
      ...(dataFile === undefined ? {} : { data: { file: dataFile === "-" ? "standard input" : basename(dataFile), rows: readRows(dataFile), target: target! } }),
      ...(baseline === undefined ? {} : { baseline: (await openModel(baseline)).package }),
      ...(seed === undefined ? {} : { seed }),
      ...(training === undefined ? {} : { profile: await profileFrom(training, opened.package, seed ?? 1) }),
      onTest: (title) => line.update(`${title} ...`),
    }).finally(() => line.done());
    const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
    const page = call.text("report");
    if (page !== undefined) await writeFileWhole(page, encode(reportPage(report)));
    const junit = call.text("junit");
    if (junit !== undefined) await writeFileWhole(junit, encode(junitXml(report)));
    const bomFile = call.text("bom");
    const measured = (): object => withMetrics(opened.package.sbom, measuredMetrics(report));
    if (bomFile !== undefined) await writeFileWhole(bomFile, encode(`${JSON.stringify(measured(), undefined, 2)}\n`));
    if (key !== undefined) {
      const files = [dataFile, check].filter((file) => file !== undefined && file !== "-") as string[];
      const result = await testResultOf(report, settings.gate ?? {}, await Promise.all(files.map(digestOfFile)));
      await attestReport(call.given[0]!, opened.package.digest, key, [[GATE_PREDICATE, result], [BOM_PREDICATE, measured()]]);
    }
    if (call.flag("json")) printJson({ ...report, score: scoreOf(report.results) });
    else printResult(`${reportText(report)}${page === undefined ? "" : `\nreport: ${page}`}${key === undefined ? "" : `\nsigned by key ${key.publicKey.id}, attached to ${call.given[0]!}`}`);
    return report.passed ? 0 : 1;
  },
});

async function openedInPython(file: string, options: PythonOptions): Promise<{ readonly package: PythonPackage }> {
  const opened = await openPython(file, options);
  for (const note of opened.notes) printNote(`note: ${note}`);
  return { package: await pythonPackage(opened) };
}

async function printTargets(call: Invocation, source: ModelPackage, browser: string | undefined, line: ReturnType<typeof progress>): Promise<number> {
  const check = call.text("check");
  const report = await runTargets(source, {
    from: process.cwd(), browser, onTarget: (name) => line.update(`${name} ...`),
    ...(check === undefined ? {} : { checks: await readChecks(check, source.signature) }),
  }).finally(() => line.done());
  const { manifest: { name, version }, digest } = source;
  if (call.flag("json")) printJson({ name, version, digest, ...report });
  else printResult(`${name} ${version}   ${digest}\n${report.rows} checked rows\n\n${targetsText(report)}`);
  return report.passed ? 0 : 1;
}

async function digestOfFile(path: string): Promise<{ readonly name: string; readonly sha256: string }> {
  const { sizes, sha256: digest } = await filesOf(path);
  return { name: basename(path), sha256: await digest(".", 0, sizes.get(".") ?? 0) };
}

async function readChecks(file: string, signature: Signature): Promise<Checks> {
  if (signature.layout === "tensors") throw usageError("bad-argument", "a check file is a table of columns, and this model takes tensors");
  const text = await readText(file);
  return readCheckFile(readCheckRows(text), signature, { file: basename(file), sha256: await sha256(new TextEncoder().encode(text)) }).checks;
}

async function profileFrom(file: string, pkg: ModelPackage, seed: number): Promise<Profile> {
  const { signature } = pkg;
  if (signature.layout === "tensors") throw usageError("bad-argument", "training rows are a table of columns, and this model takes tensors", { hint: "Leave out --training." });
  const { makeProfile } = await import("../runtime/pack.ts");
  return makeProfile(pkg, signature, { rows: "training", file: basename(file) }, await readTraining(readRows(file), signature, seed));
}

/** A reference of the configuration's, fetched as one of the command line's is. */
async function localModel(argument: string): Promise<string> {
  if (!/[:@]/.test(argument)) return argument;
  const { localFile } = await import("../references/index.ts");
  const { path, digest } = await localFile(argument);
  return digest === undefined ? argument : path;
}

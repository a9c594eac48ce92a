// slipway inspect FILE

import { importModel, inspectSource, readSource, type Inspection, type InspectionNode } from "@slipway/core/convert";
import { sniffFormat } from "@slipway/core/formats";
import { signatureToJson, type Signature } from "@slipway/core/package";
import { isTextFolder, locateModel, openModel, readModelBytes, siblingsOf, type MlflowModel } from "../runtime/index.ts";
import { isGguf, lookThrough } from "../language/gguf.ts";
import { defineCommand, type Command } from "./command.ts";
import { describeOnnxText } from "./describe-onnx.ts";
import { ggufText } from "./describe-gguf.ts";
import { printJson, printResult } from "./output.ts";
import { signatureTable } from "./signature-table.ts";
import { size } from "./size.ts";

export const inspect: Command = defineCommand({
  name: "inspect",
  summary: "what is inside a model file, safely; what can be compiled and what cannot",
  usage: "FILE [--json] [--names]",
  arguments: [{ name: "FILE", help: "a saved model or a package (a file, or oci://HOST/REPOSITORY:TAG)", package: true }],
  options: {
    names: { type: "boolean", help: "also list every Python name that the file mentions" },
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
  },
  examples: ["slipway inspect model.joblib", "slipway inspect model.pkl --json | jq .compile", "slipway inspect downloaded.pkl --names"],
  async run(call) {
    const located = locateModel(call.args[0]!);
    const { path, mlflow } = located;
    const entry = call.text("entry") ?? located.entry;
    const kept = mlflow === undefined ? {} : { mlflow: { flavor: mlflow.flavor, origin: mlflow.origin, inputs: mlflow.inputs ?? null } };
    const heading = mlflow === undefined ? "" : mlflowText(mlflow);
    if (await isGguf(path)) {
      const head = await lookThrough(path);
      if (call.flag("json")) printJson({ format: "gguf", ...head, metadata: Object.fromEntries([...head.metadata].map(([k, v]) => [k, typeof v === "bigint" ? Number(v) : v])) });
      else printResult(ggufText(head));
      return 0;
    }
    if (isTextFolder(path)) {
      const { package: pkg } = await openModel(path);
      const { source } = pkg.manifest;
      if (call.flag("json")) printJson({ format: source.format, bytes: source.bytes, className: source.rootClass, compile: { ok: true, signature: signatureToJson(pkg.signature), modelBytes: pkg.model.length, notes: [] } });
      else printResult([`${source.format}, ${size(source.bytes)}: ${source.rootClass}`, "", ...compiles(pkg.model.length, [], pkg.signature)].join("\n"));
      return 0;
    }
    const bytes = await readModelBytes(path);
    const format = sniffFormat(bytes);
    if (format === "slip") {
      const { package: pkg } = await openModel(path);
      const summary = { manifest: pkg.manifest, digest: pkg.digest, modelBytes: pkg.model.length, signature: signatureToJson(pkg.signature), checks: pkg.checks === null ? null : { rows: pkg.checks.inputs.length, source: pkg.checks.source.file } };
      if (call.flag("json")) printJson(summary);
      else {
        printResult(`${pkg.manifest.name} ${pkg.manifest.version}   ${pkg.digest}\n  from ${pkg.manifest.source.file}, ${pkg.manifest.source.rootClass} (${Object.entries(pkg.manifest.source.producer).map(([k, v]) => `${k} ${v}`).join(", ")})\n  model ${size(pkg.model.length)}${pkg.checks === null ? "" : `, ${pkg.checks.inputs.length} checked rows`}\n`);
        printResult(signatureTable(pkg.signature));
      }
      return 0;
    }
    if (format === "onnx") {
      const { describeOnnx, wholeModel } = await import("@slipway/core/onnx");
      const description = describeOnnx(wholeModel(bytes, siblingsOf(path)).bytes);
      if (call.flag("json")) printJson({ ...description, ...kept });
      else printResult(heading + describeOnnxText(description, bytes.length));
      return 0;
    }
    if (format !== "pickle" && format !== "skops") {
      const { format: name, compiled } = importModel(bytes, { readSibling: siblingsOf(path), ...(entry === undefined ? {} : { entry }) });
      const { signature, warnings, className } = compiled;
      if (call.flag("json")) printJson({ format: name, bytes: bytes.length, className, compile: { ok: true, signature, modelBytes: compiled.model.length, notes: warnings }, ...kept });
      else printResult(heading + [`${name}, ${size(bytes.length)}: ${className}`, "", ...compiles(compiled.model.length, warnings, signature)].join("\n"));
      return 0;
    }
    const inspection = inspectSource(readSource(bytes), entry === undefined ? {} : { entry });
    if (call.flag("json")) printJson({ ...inspection, ...kept });
    else printResult(heading + render(inspection, bytes.length, call.flag("names")));
    return inspection.dangers.length > 0 ? 1 : 0;
  },
});

function mlflowText({ flavor, origin, inputs, notes }: MlflowModel): string {
  const takes = inputs?.map((c) => `${c.name === undefined ? "" : `${c.name}: `}${c.type}${c.required ? "" : " (may be missing)"}`).join(", ");
  return [`MLflow model, flavour ${flavor}`, ...Object.entries(origin).filter(([key]) => key !== "mlflow flavor").map(([key, value]) => `  ${key}: ${value}`), ...(takes === undefined ? [] : [`  signature: ${takes.slice(0, 1000)}`]), ...notes.map((n) => `  note: ${n}`), "", ""].join("\n");
}

function compiles(bytes: number, warnings: readonly string[], signature: Signature): string[] {
  return [`Compiles to ONNX (${size(bytes)}).`, ...warnings.map((w) => `  note: ${w}`), "", signatureTable(signature)];
}

function render(i: Inspection, fileBytes: number, withNames: boolean): string {
  const lines = [`${i.format}, protocol ${i.protocol}, ${size(fileBytes)}${i.bytes > fileBytes ? ` (${size(i.bytes)} unpacked)` : ""}${i.trailingBytes > 0 ? `, ${i.trailingBytes} bytes after the end` : ""}`, ""];
  tree(i.tree, "", lines);
  if (i.dangers.length > 0) {
    lines.push("", "DANGER: loading this file in Python would run:");
    for (const d of i.dangers) lines.push(`  ${d.name}   ${d.what} (byte ${d.offset})`);
    lines.push("Nothing of it ran here.");
  }
  if (withNames) {
    lines.push("", "Python names in the file:");
    for (const n of i.names) lines.push(`  ${n.name}${n.called ? "()" : ""}${n.count > 1 ? `  x${n.count}` : ""}`);
  }
  lines.push("");
  if (i.compile.ok) {
    lines.push(...compiles(i.compile.modelBytes, i.compile.notes, i.compile.signature));
  } else {
    const e = i.compile.error as { code: string; message: string; where?: string; hint?: string };
    lines.push(`Does not compile: ${e.message} [${e.code}]`, ...(e.where ? [`  where: ${e.where}`] : []), ...(e.hint ? [`  what to do: ${e.hint}`] : []));
  }
  return lines.join("\n");
}

function tree(node: InspectionNode, indent: string, lines: string[]): void {
  const mark = node.compiles === "no" ? "  [not compiled]" : "";
  lines.push(`${indent}${node.place ? `${node.place}: ` : ""}${node.what}${node.version ? ` (scikit-learn ${node.version})` : ""}${mark}`);
  const facts = [...Object.entries(node.settings), ...Object.entries(node.fitted)].filter(([, v]) => v !== "None");
  if (facts.length > 0) lines.push(...wrap(facts.map(([k, v]) => `${k}=${v}`), `${indent}    `));
  for (const child of node.children) tree(child, `${indent}  `, lines);
}

function wrap(parts: readonly string[], indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const part of parts) {
    if (line.length > indent.length && line.length + part.length > 110) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${part}, `;
  }
  lines.push(line.replace(/, $/, ""));
  return lines;
}

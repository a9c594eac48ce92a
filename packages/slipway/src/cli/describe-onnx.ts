// What `slipway inspect model.onnx` prints.

import type { OnnxDescription, ValueInfo } from "@slipway/core/onnx";
import { size } from "./size.ts";

const MOST_OPERATORS = 12;
const MOST_LINES = 40;

export function describeOnnxText(d: OnnxDescription, bytes: number): string {
  const opsets = d.opsets.map((o) => `${o.domain || "ai.onnx"} ${o.version}`).join(", ");
  const lines = [
    `ONNX, IR version ${d.irVersion}, ${size(bytes)}${d.producer === "" ? "" : `, made by ${d.producer}`}`,
    `  opsets     ${opsets || "none"}`,
    `  graph      ${d.name === "" ? "without a name" : d.name}: ${d.nodeCount} nodes, ${d.initializerCount} tensors of weights (${size(d.initializerBytes)})`,
    `  operators  ${d.nodes.slice(0, MOST_OPERATORS).map((n) => `${n.operator}${n.count > 1 ? ` x${n.count}` : ""}`).join(", ")}${d.nodes.length > MOST_OPERATORS ? ` and ${d.nodes.length - MOST_OPERATORS} more` : ""}`,
    "", "takes:", ...values(d.inputs), "gives:", ...values(d.outputs),
  ];
  const metadata = Object.entries(d.metadata);
  if (metadata.length > 0) lines.push("", "metadata:", ...metadata.slice(0, MOST_LINES).map(([k, v]) => `  ${k}: ${v.length > 100 ? `${v.slice(0, 97)}...` : v}`));
  if (d.problems.length > 0) lines.push("", "problems:", ...d.problems.slice(0, MOST_LINES).map((p) => `  ${p.where}: ${p.message}`));
  return lines.join("\n");
}

function values(infos: readonly ValueInfo[]): string[] {
  const width = Math.max(0, ...infos.map((i) => i.name.length));
  return infos.slice(0, MOST_LINES).map((i) => `  ${i.name.padEnd(width)}  ${i.type ?? i.typeText ?? "?"} ${i.shape === null ? (i.type === null ? "" : "of any rank") : `[${i.shape.map((d) => d ?? "?").join(", ")}]`}`.trimEnd());
}

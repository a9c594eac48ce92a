import { pythonJson, protocolContract, type Row, type Wire } from "./contract.ts";

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}
const post = (model: string, inputs: readonly object[], version = "") => ({ method: "POST", url: `/v2/models/${model}${version}/infer`, payload: pythonJson({ inputs }) });
function tensors(rows: readonly Row[]): object[] {
  return [...new Set(rows.flatMap(Object.keys))].map((name) => {
    const data = rows.map((r) => r[name] ?? null);
    return { name, shape: [rows.length], datatype: name === "note" || data.some((v) => typeof v === "string") ? "BYTES" : name === "member" ? "BOOL" : "FP64", data };
  });
}
protocolContract({
  name: "Open Inference Protocol", namesModel: true, wrongType: /input "age": expected FP64 or another number type, found BYTES/,
  records: (model, rows) => post(model, tensors(rows)),
  matrix: (model, rows) => post(model, [{ name: "X", shape: [rows.length, 3], datatype: "FP64", data: rows }]),
  texts: (model, texts) => post(model, [{ name: "text", shape: [texts.length, 1], datatype: "BYTES", data: texts }]),
  version: (model, version, rows) => post(model, tensors(rows), `/versions/${version}`),
  read: (answer) => {
    const { outputs } = answer.json() as { outputs: Tensor[] };
    return Array.from({ length: outputs[0]!.shape[0]! }, (_, i) => Object.fromEntries(outputs.map(({ name, shape, data }) => [name, shape.length === 1 ? data[i] : data.slice(i * shape[1]!, (i + 1) * shape[1]!)])));
  },
  message: (answer) => (answer.json() as { error: string }).error,
} satisfies Wire);

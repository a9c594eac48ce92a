import { pythonJson, protocolContract, type Wire } from "./contract.ts";

const post = (model: string, body: unknown) => ({ method: "POST", url: `/models/${model}/predict`, payload: pythonJson(body) });
protocolContract({
  name: "Slipway's own", namesModel: true,
  records: post, matrix: post, texts: post,
  version: (model, version, rows) => ({ ...post(model, rows), url: `/models/${model}/versions/${version}/predict` }),
  read: (answer) => (answer.json() as { predictions: Record<string, unknown>[] }).predictions.map((row) => ({ ...row, ...(row["probabilities"] === undefined ? {} : { probabilities: Object.values(row["probabilities"] as object) }) })),
  message: (answer) => (answer.json() as { error: { message: string } }).error.message,
} satisfies Wire);

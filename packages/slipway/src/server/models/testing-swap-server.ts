// A server of its own process over a folder of models, for the test and the bench of swaps. Arguments: the folder, the
// engine (auto by default; onnxruntime for memory that is not JavaScript's), and a memory budget in bytes.
// To the message "rss" it answers with its resident memory in bytes, after a collection where node was given --expose-gc.

import { createLog, Logger, ModelDirectory, Repository, startServer } from "../index.ts";

const log = createLog({ level: "warn" });
const repository = new Repository(new ModelDirectory([]), {
  folder: process.argv[2], log: new Logger(log), engine: { engine: process.argv[3] === "onnxruntime" ? "onnxruntime" : "auto" },
  ...(process.argv[4] === undefined ? {} : { memoryBudget: Number(process.argv[4]), lazy: true }),
});
await repository.sync();
const server = await startServer(repository, { port: 0, log, auth: { anonymous: "admin", administration: "any-port" } });
process.on("message", (message) => {
  if (message !== "rss") return;
  void (async () => {
    await repository.settled();
    for (let i = 0; i < 3; i++) {
      (globalThis as { gc?: () => void }).gc?.();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    process.send!({ rss: process.memoryUsage().rss, swaps: repository.swaps });
  })();
});
process.on("disconnect", () => void server.close().then(() => process.exit(0)));
process.send!({ url: server.url });

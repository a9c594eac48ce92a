// Google's functions framework, which runs functions on Cloud Functions and Cloud Run: the service as a handler of its own
// server, in a process of its own.

import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { writeSlip } from "@slipway/core/package";
import type { Row } from "../context.ts";
import { jsonOf, readAnswer, WAYS } from "../ways.ts";
import { namedNumbers } from "./named-numbers.ts";
import { runProgram } from "./run-program.ts";
import type { Target } from "./target.ts";

const NAME = "@google-cloud/functions-framework";
const fromSource = import.meta.url.endsWith(".ts");
/** The library: in a checkout, beside this file as it was compiled, or from the bundle of the command line. */
const LIBRARY = ["../../index.ts", "../../index.js", "../../dist/index.js"].map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url));

/** Its server is the framework's, put on the loopback: the framework's own program listens everywhere. */
const SCRIPT = `import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import { createHandler, loadModel, toNodeHandler } from ${JSON.stringify(LIBRARY)};
const require = createRequire(process.argv[3]);
const model = await loadModel(process.argv[2]);
require(${JSON.stringify(NAME)}).http("predict", toNodeHandler(createHandler(model)));
const server = require(${JSON.stringify(`${NAME}/testing`)}).getTestServer("predict");
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const answer = await fetch("http://127.0.0.1:" + server.address().port + "/predict", { method: "POST", headers: { "content-type": "application/json" }, body: await text(process.stdin) });
const body = await answer.text();
if (!answer.ok) throw new Error("the function answered " + answer.status + ": " + body.slice(0, 300));
process.stdout.write(body, () => process.exit(0));
`;

export const functionsFramework: Target = {
  name: "functions framework",
  async run({ source, rows, direct, from }) {
    if (LIBRARY === undefined) return { skipped: "images have no functions framework: ask an installed slipway" };
    const base = [pathToFileURL(join(from, "package.json")).href, import.meta.url].find((address) => foundFrom(address) !== undefined);
    if (base === undefined) return { skipped: `${NAME} is not installed here: npm install ${NAME}` };
    const folder = await mkdtemp(join(tmpdir(), "slipway-function-"));
    try {
      const [script, file] = [join(folder, "function.mjs"), join(folder, "model.slip")];
      await writeFile(script, SCRIPT);
      await writeFile(file, writeSlip(source));
      // The framework reads JSON before the function does.
      const body = jsonOf({ records: rows.map(namedNumbers) });
      const out = await runProgram([process.execPath, ...(fromSource ? ["--conditions=@slipway/source", "--disable-warning=ExperimentalWarning"] : []), script, file, base], { input: body });
      return { rows: WAYS[0]!.read(readAnswer(out), direct.outputs) as Row[], ranIn: `${NAME} ${foundFrom(base)!}` };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Its version. */
function foundFrom(address: string): string | undefined {
  const require = createRequire(address);
  try {
    // package.json is not among its exports.
    for (let folder = dirname(require.resolve(NAME)); folder !== dirname(folder); folder = dirname(folder)) {
      try {
        const { name, version } = require(join(folder, "package.json")) as { name?: string; version?: string };
        if (name === NAME) return version ?? "";
      } catch {
        // No package's folder: the one above.
      }
    }
  } catch {
    // Not installed there.
  }
  return undefined;
}

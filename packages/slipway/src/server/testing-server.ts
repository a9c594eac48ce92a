// A server of its own process for the tests of signals. Argument: milliseconds to serve on after SIGTERM.

import { loadModelPackage } from "../runtime/index.ts";
import { matrixModel } from "../runtime/testing.ts";
import { startServer } from "./index.ts";

const server = await startServer([await loadModelPackage(matrixModel())], { port: 0, signals: true, drainDelayMs: Number(process.argv[2]) });
process.stdout.write(`${server.url}\n`);

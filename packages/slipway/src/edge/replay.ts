// Rows asked of the module that browsers are given: its built files, in Node or in a real browser.

import type { ModelPackage } from "@slipway/core/package";
import type { loadModel } from "@slipway/edge";
import { withBrowser } from "./browser.ts";
import { edgeFolderError } from "./errors.ts";
import { MODULE_ADDRESS } from "./module-files.ts";
import { onnxruntimeAddress, ORT_MODULE } from "./onnxruntime-files.ts";
import { planEdge, type EdgePlan } from "./plan.ts";
import { addServiceWorker } from "./service-worker.ts";

export type ReplayRow = Readonly<Record<string, unknown>>;
export interface Replayed {
  readonly answers: readonly ReplayRow[];
  /** What computed them: "Chromium 156", "Node 24 (V8 13.6), no browser". */
  readonly runtime: string;
  readonly engine: "kernel" | "onnxruntime";
}
interface Options {
  readonly engine?: "kernel";
  readonly onnxruntime?: string;
}

/** The same files in this process. @throws edge-needs-onnxruntime, and what the module throws */
export async function replayInNode(source: ModelPackage, rows: readonly ReplayRow[], from: string): Promise<Replayed> {
  const plan = await planEdge(source, from);
  const module = (await import(MODULE_ADDRESS)) as { loadModel: typeof loadModel };
  const options: Options = plan.engine === "onnxruntime" ? { onnxruntime: onnxruntimeAddress(from) } : plan.saysSo ? {} : { engine: "kernel" };
  const model = await module.loadModel(plan.files.get(plan.file)!, { ...options, worker: false, checks: "report" });
  try {
    return { answers: await model.predict(rows), engine: model.engine.name, runtime: `Node ${process.versions.node} (V8 ${process.versions.v8}), no browser` };
  } finally {
    await model.close();
  }
}

/**
 * In a browser of the Chromium family, without a window, in the page's worker. `offline`: the page, which its service worker
 * keeps, is opened again once the server that gave it is gone.
 * @throws edge-browser, edge-needs-onnxruntime
 */
export async function replayInBrowser(source: ModelPackage, rows: readonly ReplayRow[], { from, browser, offline = false }: { readonly from: string; readonly browser: string; readonly offline?: boolean }): Promise<Replayed> {
  const plan = await planEdge(source, from);
  const options: Options = plan.engine === "onnxruntime" ? { onnxruntime: `./${ORT_MODULE}` } : plan.saysSo ? {} : { engine: "kernel" };
  return withBrowser(browser, async ({ home, told, site }) => {
    plan.files.set("replay.html", Buffer.from('<!doctype html><title>replay</title><script type="module" src="replay.js"></script>'));
    plan.files.set("rows.json", Buffer.from(JSON.stringify(rows.map((row) => plainRow(row, source)))));
    plan.files.set("replay.js", Buffer.from(REPLAY.replaceAll("HOME", JSON.stringify(home)).replaceAll("OFFLINE", String(offline)).replace("FILE", JSON.stringify(plan.file)).replace("OPTIONS", JSON.stringify({ ...options, checks: "report" }))));
    if (offline) await addServiceWorker(plan);
    await site(plan.files, "replay.html");
    const { answers, engine, version, alone } = (await told) as Told;
    if (offline && alone !== true) throw edgeFolderError("edge-browser", "the browser still reached the server that was to be gone");
    return { answers, engine, runtime: offline ? `${version}, its server gone` : version };
  });
}

/** Once everything is kept the page says so, and is answered when the server is gone. */
const REPLAY = `import { loadModel } from "./slipway-edge.js";
const say = (what, told) => fetch(HOME + what, { method: "POST", body: JSON.stringify(told) });
const told = {};
let again = false;
try {
  if (OFFLINE && location.hash !== "#alone") {
    await navigator.serviceWorker.register("service-worker.js");
    await navigator.serviceWorker.ready;
    await say("kept", {});
    location.hash = "#alone";
    location.reload();
    again = true;
  } else {
    if (OFFLINE) told.alone = await fetch("not-kept").then(() => false, () => true);
    const model = await loadModel(FILE, OPTIONS);
    told.answers = await model.predict(await (await fetch("rows.json")).json());
    told.engine = model.engine.name;
    told.version = (navigator.userAgentData?.brands ?? []).filter((b) => /^Chrom|Edge/.test(b.brand)).map((b) => b.brand + " " + b.version).join(", ") || navigator.userAgent;
  }
} catch (error) {
  told.error = String(error.message);
}
if (!again) await say("told", told);
`;

interface Told {
  readonly answers: readonly ReplayRow[];
  readonly engine: EdgePlan["engine"];
  readonly version: string;
  readonly alone?: boolean;
}

/** What JSON cannot say as rows may: null is a missing value as NaN is, infinities have names. */
function plainRow(row: ReplayRow, { signature }: ModelPackage): ReplayRow {
  const texts = new Set(signature.columns.filter((c) => c.type === "string").map((c) => c.name));
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name,
    typeof value === "bigint" ? (texts.has(name) ? String(value) : Number(value))
      : typeof value === "number" && !Number.isFinite(value) ? (Number.isNaN(value) ? null : String(value)) : value]));
}


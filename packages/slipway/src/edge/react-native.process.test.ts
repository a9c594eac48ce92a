// The folder for React Native: type-checked against onnxruntime-react-native's own types, run on its JavaScript with a stand-in
// for the native module that onnxruntime-node answers for, and on Hermes, the engine of React Native's scripts.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { buildPackage, type ModelPackage } from "@slipway/core/package";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hermes, MOBILE_HINT, mobileModules } from "../../../../scripts/testing-mobile.ts";
import { trainedNetwork } from "../optimize/testing.ts";
import { loadModelPackage } from "../runtime/index.ts";
import { packModel } from "../runtime/pack.ts";
import { makeEdge, writeFolder } from "./index.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-native-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let table: ModelPackage;
let network: ModelPackage;
let inputs: { readonly table: readonly object[]; readonly network: readonly object[] };
const wanted = new Map<ModelPackage, unknown[]>();
beforeAll(async () => {
  const churn = join(root, "examples", "churn");
  table = (await packModel(join(churn, "churn.joblib"), readFileSync(join(churn, "churn.joblib")), { prove: true, name: "churn", version: "1.0.0", check: { file: "check.csv", text: readFileSync(join(churn, "check.csv"), "utf8") } })).package;
  const trained = await trainedNetwork();
  network = trained.package;
  inputs = { table: table.checks!.inputs, network: trained.rows.slice(0, 20).map(({ x }) => ({ x })) };
  for (const [source, rows, name] of [[table, inputs.table, "churn"], [network, inputs.network, "digits"]] as const) {
    const model = await loadModelPackage(source);
    wanted.set(source, await model.predict(rows));
    await model.close();
    await writeFolder(join(folder, name), (await makeEdge(source, "react-native", { from: root })).files);
  }
});

/** An app of one file that says what the model answered, as one script. */
async function bundled(name: string, rows: readonly object[], alias: Readonly<Record<string, string>> = {}): Promise<string> {
  const app = join(folder, `${name}-app.ts`);
  writeFileSync(app, `import { loadModel } from "./${name}/index";
declare const say: (text: string) => void;
loadModel().then(async (model) => {
  const answers = await model.predict(${JSON.stringify(rows)} as never);
  const refused = await model.predict([{}] as never).catch((error: { code: string }) => error.code);
  say(JSON.stringify({ engine: model.engine.name, check: model.check === null ? null : { rows: model.check.rows, passed: model.check.passed }, answers, refused }));
}).catch((error: unknown) => say(JSON.stringify({ error: String(error) })));
`);
  const build = await rolldown({ input: app, platform: "neutral", resolve: { alias: { ...alias }, mainFields: ["module", "main"], conditionNames: ["import", "default"] }, tsconfig: false, logLevel: "silent" });
  const { output } = await build.generate({ format: "iife", codeSplitting: false });
  return output[0].code;
}

/** The last digits are each engine's own. */
function near(answers: unknown, digits = 12): unknown {
  return JSON.parse(JSON.stringify(answers, (_, v: unknown) => (typeof v === "number" && !Number.isInteger(v) ? Number(v.toPrecision(digits)) : v)));
}

describe("a table's model", () => {
  const told = (): object => ({ engine: "kernel", check: { rows: 60, passed: true }, answers: near(wanted.get(table)), refused: "request-invalid" });
  it("needs nothing but the language: no Web Crypto, no text decoder, no WebAssembly", async () => {
    expect(readFileSync(join(folder, "churn", "index.ts"), "utf8")).not.toContain("onnxruntime");
    const said = Promise.withResolvers<string>();
    const context = createContext({ say: said.resolve, performance: { now: () => 0 }, setTimeout });
    runInContext("delete globalThis.WebAssembly; if (typeof TextDecoder !== 'undefined' || typeof crypto !== 'undefined') throw new Error('more than the language');", context);
    runInContext(await bundled("churn", inputs.table), context);
    expect(near(JSON.parse(await said.promise))).toEqual(told());
  });
  it.skipIf(hermes === undefined)(`answers on Hermes as on the server${hermes === undefined ? ` (${MOBILE_HINT})` : ""}`, async () => {
    // What React Native's own Hermes has, and the one that is to be had alone has not.
    const prelude = `var performance = { now: Date.now }; var say = print; (function () { function at(n) { n = Math.trunc(n) || 0; return this[n < 0 ? n + this.length : n]; }
      [Array.prototype, String.prototype, Object.getPrototypeOf(Int8Array.prototype)].forEach(function (p) { if (!p.at) Object.defineProperty(p, "at", { value: at }); });
      if (!Object.hasOwn) Object.hasOwn = function (o, k) { return Object.prototype.hasOwnProperty.call(o, k); }; })();`;
    const require = createRequire(join(mobileModules!, "package.json"));
    const { transformSync } = require("@babel/core") as { transformSync: (code: string, options: object) => { code: string } };
    const { code } = transformSync(`${prelude}\n${await bundled("churn", inputs.table)}`, { presets: [[require.resolve("@react-native/babel-preset"), { enableBabelRuntime: false }]], plugins: [require.resolve("@babel/plugin-transform-template-literals")], filename: "app.js", babelrc: false, configFile: false, compact: true, caller: { name: "metro", bundler: "metro", platform: "ios" } });
    const script = join(folder, "hermes.js");
    writeFileSync(script, code);
    expect(near(JSON.parse(execFileSync(hermes!, ["-Xes6-promise", "-Xes6-proxy", "-Xmicrotask-queue", script], { encoding: "utf8" })))).toEqual(told());
  });
});

describe("a network", () => {
  it.skipIf(mobileModules === undefined)(`answers through onnxruntime-react-native as on the server${mobileModules === undefined ? ` (${MOBILE_HINT})` : ""}`, async () => {
    const app = join(folder, "phone");
    mkdirSync(join(app, "node_modules", "react-native"), { recursive: true });
    writeFileSync(join(app, "node_modules", "react-native", "index.js"), "exports.NativeModules = { Onnxruntime: { install() { globalThis.OrtApi = globalThis.standIn; } } };");
    for (const name of ["onnxruntime-react-native", "onnxruntime-common"]) cpSync(join(mobileModules!, name), join(app, "node_modules", name), { recursive: true });
    writeFileSync(join(app, "stand-in.cjs"), STAND_IN);
    writeFileSync(join(app, "app.js"), await bundled("digits", inputs.network, { "onnxruntime-react-native": join(app, "node_modules", "onnxruntime-react-native", "dist", "module", "index.js"), "react-native": join(app, "node_modules", "react-native", "index.js") }));
    const out = execFileSync(process.execPath, ["-r", join(app, "stand-in.cjs"), join(app, "app.js")], { encoding: "utf8", env: { ...process.env, ORT: createRequire(import.meta.url).resolve("onnxruntime-node") } });
    const { called, ...told } = JSON.parse(out.replace(/\}\s*\{"called"/, ', "called"')) as { called: unknown };
    expect(near(told, 5)).toEqual({ engine: "onnxruntime", check: null, answers: near(wanted.get(network), 5), refused: "request-invalid" });
    expect(called).toEqual(["initOrtOnce", "createInferenceSession", "loadModel with its bytes", "run"]);
  });
  it("refuses float16, which React Native has no arrays for", async () => {
    const half = await buildPackage({ ...network, signature: { ...network.signature, tensors: [{ ...network.signature.tensors![0]!, type: "float16" }] } });
    await expect(makeEdge(half, "react-native", { from: root })).rejects.toMatchObject({ code: "edge-native-type" });
  });
});

/** The native side of onnxruntime-react-native 1.24 (dist/typescript/api.d.ts), answered for by onnxruntime-node. */
const STAND_IN = `const ort = require(process.env.ORT);
const called = [];
const TYPES = { float32: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, string: 8, bool: 9, float64: 11 };
globalThis.say = (text) => process.stdout.write(text.slice(0, -1) + "}\\n" + JSON.stringify({ called }));
globalThis.standIn = {
  version: "1.24.3",
  listSupportedBackends: () => [{ name: "cpu" }],
  initOrtOnce(level, tensor) { called.push("initOrtOnce"); this.Tensor = tensor; },
  createInferenceSession() {
    called.push("createInferenceSession");
    const Tensor = this.Tensor;
    return {
      async loadModel(buffer, offset, length, options) {
        if (!(buffer instanceof ArrayBuffer) || typeof length !== "number") throw new Error("a path");
        called.push("loadModel with its bytes");
        this.session = await ort.InferenceSession.create(new Uint8Array(buffer, offset, length), { executionProviders: options.executionProviders, logSeverityLevel: 4 });
        const told = (list) => list.map((m) => ({ name: m.name, isTensor: m.isTensor, type: TYPES[m.type], shape: m.shape.map((d) => (typeof d === "string" ? -1 : d)), symbolicDimensions: m.shape.map((d) => (typeof d === "string" ? d : "")) }));
        this.inputMetadata = told(this.session.inputMetadata);
        this.outputMetadata = told(this.session.outputMetadata);
      },
      async run(feeds, fetches) {
        called.push("run");
        for (const tensor of Object.values(feeds)) if (!(tensor instanceof Tensor)) throw new Error("no tensor of the package's own");
        const own = Object.fromEntries(Object.entries(feeds).map(([name, t]) => [name, new ort.Tensor(t.type, t.cpuData, t.dims)]));
        const result = await this.session.run(own, Object.keys(fetches));
        return Object.fromEntries(Object.entries(result).map(([name, t]) => [name, new Tensor(t.type, t.data, t.dims)]));
      },
      endProfiling() {}, dispose() {},
    };
  },
};`;

describe("the types", () => {
  const check = (files: readonly string[]): string => {
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { strict: true, noEmit: true, target: "ES2022", module: "ESNext", moduleResolution: "bundler", lib: ["ES2022"], types: [], exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true, skipLibCheck: true }, files }));
    try {
      return execFileSync(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", folder], { encoding: "utf8" });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };
  it("are this model's own", () => {
    writeFileSync(join(folder, "uses.ts"), `import { loadModel, type ChurnModel, type ChurnRow, type Sound } from "./churn/index";
export const hear = (model: ChurnModel, sound: Sound): Promise<unknown> => model.predictSound([sound, { rate: 8000, samples: new Float32Array(8) }]);
export const see = (model: ChurnModel): Promise<unknown> => model.predictImage({ width: 1, height: 1, data: new Uint8Array(4) }, { score: 0.5, most: 3 });
const row: ChurnRow = { contract: "one year", internet: null, tenure_months: 14, monthly_charges: 40, support_calls: 2, senior: false };
export async function use(): Promise<number> {
  const model: ChurnModel = await loadModel({ checks: "report" });
  const [first] = await model.predict([row]);
  const label: "leaves" | "stays" | undefined = first?.label;
  const [few] = await model.predict(row, { outputs: ["score"] });
  // @ts-expect-error it was not asked for
  void few?.probabilities;
  const [placed] = await model.predict([row], { onInvalid: "rows" });
  // @ts-expect-error it may be an error
  void placed?.score;
  // @ts-expect-error a mistyped column
  await model.predict([{ ...row, contarct: "one year" }]);
  return (few?.score ?? 0) + (label === undefined ? 0 : label.length) + (model.check?.rows ?? 0);
}
`);
    expect(check(["uses.ts", "churn/index.ts"])).toBe("");
  });
  it.skipIf(mobileModules === undefined)(`fit onnxruntime-react-native's${mobileModules === undefined ? ` (${MOBILE_HINT})` : ""}`, () => {
    symlinkSync(mobileModules!, join(folder, "node_modules"));
    expect(check(["digits/index.ts"])).toBe("");
  });
});

// For tests: packages of a linear model with checked rows, signed releases of them, a place that publishes, and disks that
// lose their power.

import { createHash } from "node:crypto";
import { KERNEL_VERSION } from "@slipway/core/kernel";
import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { buildPackage, writeSlip, type ModelPackage } from "@slipway/core/package";
import { generateSigningKey, makeDeviceRelease, signStatement, type DeviceRelease, type SigningKey } from "@slipway/core/signing";
import { doubles } from "@slipway/core/tensor";
import { parseConfig, type DeviceConfig } from "./config.ts";
import type { Disk } from "./disk.ts";

export const ROW: readonly object[] = [{ x0: 1, x1: 2, x2: 3 }];

/** value = w0 x0 + w1 x1 + w2 x2; `expected`: what its checked row says instead. */
export async function linearPackage(version: string, weights: readonly [number, number, number], expected: number = weights[0] + 2 * weights[1] + 3 * weights[2]): Promise<ModelPackage> {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const x = g.entry("slipway.numbers", "double");
  const value = o.reshape(o.matmul(x, doubles([...weights], [3, 1])), [-1]);
  g.bindEntryAsInput(x, "X", 3);
  g.output("value", value);
  return buildPackage({
    manifest: { name: "linear", version, source: { file: "m.pkl", sha256: "0".repeat(64), bytes: 1, format: "pickle", producer: {}, rootClass: "m" }, tool: { name: "slipway", version: "0.1.0" }, lineage: [], kernel: KERNEL_VERSION },
    model: serializeModel(g.finish()),
    signature: {
      layout: "matrix", matrixName: "X", extraColumns: "refused",
      columns: ["x0", "x1", "x2"].map((name) => ({ name, type: "double", used: true, missing: "refused", infinite: "refused" })),
      outputs: [{ name: "value", graphName: "value", kind: "value", type: "double", rowShape: [] }],
    },
    checks: { source: { file: "check.csv", rows: 1 }, inputs: [{ x0: 1, x1: 2, x2: 3 }], expected: { value: [[expected]] }, tolerance: { value: { rtol: 1e-9, atol: 1e-9 } } },
    profile: null, card: "", sbom: {},
  });
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What lies at the address of updates: files by name, and how they are given. */
export class Publisher {
  readonly key: SigningKey;
  readonly files = new Map<string, Uint8Array>();
  /** Bytes of a package after which the line breaks. */
  cutAt: number | undefined;
  asked = 0;
  private constructor(key: SigningKey) {
    this.key = key;
  }
  static async open(): Promise<Publisher> {
    return new Publisher((await generateSigningKey()).key);
  }

  async publish(source: ModelPackage, release: number, changes: Partial<DeviceRelease> = {}, key: SigningKey = this.key): Promise<void> {
    const bytes = writeSlip(source);
    const file = `linear-${release}.slip`;
    const { name, version } = source.manifest;
    const statement = makeDeviceRelease({ model: name, version, release, issued: "2026-01-01T00:00:00Z", expires: "2100-01-01T00:00:00Z", file, bytes: bytes.length, sha256: sha256Of(bytes), digest: source.digest, ...changes });
    this.files.set(file, bytes);
    this.files.set("release.json", Buffer.from(JSON.stringify(await signStatement(statement, [key]))));
  }

  readonly fetch: typeof fetch = (input) => {
    this.asked++;
    const name = new URL(input as URL).pathname.slice(1);
    const bytes = this.files.get(name);
    if (bytes === undefined) return Promise.resolve(new Response("", { status: 404 }));
    const cut = name.endsWith(".slip") ? this.cutAt : undefined;
    const parts = [bytes.subarray(0, Math.floor(bytes.length / 2)), bytes.subarray(Math.floor(bytes.length / 2), cut)];
    return Promise.resolve(new Response(new ReadableStream({
      pull(controller) {
        const part = parts.shift();
        if (part === undefined) controller.close();
        else controller.enqueue(part);
      },
    })));
  };
}

export async function configFor(publisher: Publisher, factory: ModelPackage, more: object = {}): Promise<DeviceConfig> {
  return parseConfig(Buffer.from(JSON.stringify({
    model: "linear", factory: { file: "factory.slip", sha256: sha256Of(writeSlip(factory)), release: 1, version: factory.manifest.version, digest: factory.digest },
    keys: [publisher.key.publicKey.pem], listen: { host: "127.0.0.1", port: 0 }, updates: "https://updates.test/", everySeconds: 60,
    home: null, record: "answers", queue: { entries: 1000, bytes: 2 ** 20 }, ...more,
  })));
}

export class PowerCut extends Error {}

/** A disk whose power goes at its Nth operation: of a write half the bytes are there. Afterwards nothing works. */
export function failingDisk(disk: Disk, at: number, cut: () => void): Disk & { readonly steps: () => number } {
  let steps = 0;
  const step = (): boolean => ++steps === at;
  const dead = (): never => {
    cut();
    throw new PowerCut("the power went");
  };
  const alive = (): void => {
    if (steps >= at) dead();
  };
  async function* half(parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of parts) {
      yield part.subarray(0, Math.floor(part.length / 2));
      return;
    }
  }
  const simple = <A extends readonly unknown[], R>(work: (...args: A) => Promise<R>) => async (...args: A): Promise<R> => {
    alive();
    if (step()) return dead();
    return work(...args);
  };
  return {
    steps: () => steps,
    read: async (path) => (alive(), disk.read(path)),
    list: async (folder) => (alive(), disk.list(folder)),
    async write(path, parts) {
      alive();
      if (step()) {
        await disk.write(path, half(parts));
        return dead();
      }
      await disk.write(path, parts);
    },
    append: simple(disk.append), sync: simple(disk.sync), rename: simple(disk.rename), remove: simple(disk.remove),
  };
}

// Node for linux/arm64 on another machine, under qemu's user mode: good for answers, useless for times.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import { unpackImage } from "../../deploy/index.ts";
import { buildImage } from "../../image/index.ts";
import type { Row } from "../context.ts";
import { jsonOf, readAnswer } from "../ways.ts";
import { answersOfFolder } from "./edge-folder.ts";
import { runProgram } from "./run-program.ts";
import type { Skipped, Target, TargetAnswers, TargetRequest } from "./target.ts";

const PACKAGES = "qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libgcc-s1-arm64-cross";
const NODE = ["usr", "local", "bin", "node"];
/** Under several threads qemu sometimes crashes, which says nothing of what it runs. */
const ONE_THREAD = "--single-threaded";
const CRASH = "qemu: uncaught target signal";
const TRIES = 3;

/** @param run what is asked of it: words that run Node for arm64, and the unpacked image that it lies in */
function underQemu(name: string, run: (node: readonly [string, ...string[]], rootfs: string, request: TargetRequest) => Promise<TargetAnswers | Skipped>): Target {
  return {
    name,
    async run(request) {
      if (process.arch === "arm64") return { skipped: "this machine is arm64, and so are the other targets" };
      const qemu = [process.env["QEMU_AARCH64"], ...(process.env["PATH"] ?? "").split(delimiter).map((path) => join(path, "qemu-aarch64-static"))].find((path) => path !== undefined && existsSync(path));
      const libraries = [process.env["QEMU_AARCH64_ROOT"], "/usr/aarch64-linux-gnu"].find((path) => path !== undefined && existsSync(join(path, "lib", "ld-linux-aarch64.so.1")));
      if (qemu === undefined || libraries === undefined) return { skipped: `no qemu with arm64's C libraries: apt-get install ${PACKAGES}` };
      const folder = await mkdtemp(join(tmpdir(), "slipway-arm64-"));
      try {
        const rootfs = join(folder, "rootfs");
        await mkdir(rootfs);
        await unpackImage(await buildImage({ packages: [request.source], base: { name: "none", layers: [], env: [] }, platform: { os: "linux", architecture: "arm64" }, compress: false }), rootfs);
        return await often(() => run([qemu, "-L", libraries, join(rootfs, ...NODE), ONE_THREAD], rootfs, request));
      } catch (error) {
        if (error instanceof SlipwayError && error.code === "image-node") return { skipped: error.message };
        throw error;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function often(run: () => Promise<TargetAnswers | Skipped>): Promise<TargetAnswers | Skipped> {
  for (let n = 1; ; n++) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes(CRASH)) throw error;
      if (n === TRIES) return { skipped: `qemu itself crashed ${TRIES} times: ${error.message.slice(error.message.indexOf(CRASH)).split("\n", 1)[0]!}` };
    }
  }
}

export const ARM64_TARGETS: readonly Target[] = [
  underQemu("slipway edge --target node, arm64", (node, _, request) => answersOfFolder(node, request)),
  underQemu("image for linux/arm64: predict", async (node, rootfs, { rows, source: { manifest } }) => {
    const file = join(rootfs, "rows.json");
    await writeFile(file, jsonOf(rows));
    const out = await runProgram([...node, join(rootfs, "opt", "slipway", "container.js"), "predict", join(rootfs, "models", `${manifest.name}.slip`), file, "--json"], { env: { ...process.env, _SLIPWAY_IMAGE_ROOT: rootfs } });
    return { rows: readAnswer(out) as Row[], ranIn: "the arm64 image's own files, under qemu" };
  }),
];

// The packages on the device: two slots and the one that it came with. One of them always answers.

import { SlipwayError } from "@slipway/core/base";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { openModel, type LocalModel } from "../open-model.ts";
import { PARTS } from "../parts.ts";
import type { DeviceConfig } from "./config.ts";
import type { Disk } from "./disk.ts";
import { deviceError } from "./errors.ts";
import type { Installed, StateFile } from "./state.ts";

/** Starts after which an active package that was never seen to work gives way to the one before it. */
const MAX_STARTS = 3;

export interface Running {
  readonly model: LocalModel;
  readonly from: "a" | "b" | "factory";
  readonly release: number;
}
export interface SlotOptions {
  readonly disk: Disk;
  readonly state: StateFile;
  readonly config: DeviceConfig;
  /** The device's own folder, and where it may write. */
  readonly folder: string;
  readonly stateFolder: string;
  /** Where ONNX Runtime's module lies, for models that need it. */
  readonly onnxruntime: string | undefined;
  readonly log: (message: string) => void;
}

export function slotPath(stateFolder: string, slot: "a" | "b"): string {
  return join(stateFolder, `slot-${slot}.slip`);
}

export class Slots {
  readonly #options: SlotOptions;
  constructor(options: SlotOptions) {
    this.#options = options;
  }

  /** Opens a package's file: its bytes as they must be, its checked rows answered. */
  async open(path: string, sha256: string, digest: string): Promise<LocalModel> {
    const bytes = await this.#options.disk.read(path);
    if (bytes === undefined) throw deviceError("device-slot-damaged", `there is no ${path}`);
    const found = createHash("sha256").update(bytes).digest("hex");
    if (found !== sha256) throw deviceError("device-slot-damaged", `${path} is damaged: its SHA-256 is ${found}, not ${sha256}`);
    return openModel(bytes, { digest, onnxruntime: this.#options.onnxruntime }, PARTS);
  }

  /** The active package, else the one before it, else the one that the device came with. @throws device-no-model */
  async start(): Promise<Running> {
    const { state, config, folder, stateFolder, log } = this.#options;
    const reasons: string[] = [];
    const { active, trial } = state.current;
    if (active !== null && trial !== null) {
      // Counted before it is opened: opening it may be what ends the process.
      if (trial.starts >= MAX_STARTS) await this.#giveUp(active, `it was started ${trial.starts} times and never seen to work`, true);
      else await state.change({ trial: { starts: trial.starts + 1 } });
    }
    for (let tries = 0; tries < 2; tries++) {
      const installed = state.current.active;
      if (installed === null) break;
      try {
        return { model: await this.open(slotPath(stateFolder, installed.slot), installed.sha256, installed.digest), from: installed.slot, release: installed.release };
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        reasons.push(reason);
        // What the disk lost says nothing against the package: it is fetched again.
        await this.#giveUp(installed, reason, !(error instanceof SlipwayError && error.code === "device-slot-damaged"));
      }
    }
    const { factory } = config;
    try {
      return { model: await this.open(join(folder, factory.file), factory.sha256, factory.digest), from: "factory", release: factory.release };
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
      log(reasons.join("; "));
      throw deviceError("device-no-model", `no package could be opened: ${reasons.join("; ")}`, { hint: "Write the device's folder again." });
    }
  }

  async #giveUp(installed: Installed, reason: string, isBad: boolean): Promise<void> {
    const { state, log } = this.#options;
    const { previous, bad } = state.current;
    log(`release ${installed.release} is given up: ${reason}`);
    await state.change({ active: previous, previous: null, trial: null, bad: isBad ? [...bad, installed.sha256] : bad });
  }
}

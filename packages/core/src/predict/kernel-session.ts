// Our own kernel behind the Session interface: what it computes is there at once, on the thread that asks.

import type { Kernel, KernelData } from "../kernel/index.ts";
import { predictError } from "./errors.ts";
import type { EngineTensor, Session } from "./session.ts";
import { ENGINE_TYPES } from "./tensors.ts";

export type SyncSession = Session & Required<Pick<Session, "runSync">>;

export function kernelSession(kernel: Kernel): SyncSession {
  const { inputs } = kernel;
  const runSync: SyncSession["runSync"] = (feeds, outputs) => {
    const given: KernelData[] = [];
    let rows = -1;
    for (const { name, width } of inputs) {
      const feed = feeds[name];
      const count = feed?.dims[0];
      if (feed === undefined || count === undefined || (rows >= 0 && count !== rows) || feed.data.length !== count * width) throw predictError("runtime-failed", `the model could not be computed: input ${JSON.stringify(name)} is not [rows, ${width}]`);
      rows = count;
      given.push(feed.data as KernelData);
    }
    try {
      const results: Record<string, EngineTensor> = {};
      for (const { name, type, dims, data } of kernel.run(Math.max(0, rows), given, outputs)) results[name] = { type: ENGINE_TYPES[type], dims, data };
      return results;
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw predictError("runtime-failed", `the model could not be computed: ${cause.message.slice(0, 300)}`, { cause });
    }
  };
  return {
    inputs: inputs.map(({ name, type }) => ({ name, type: ENGINE_TYPES[type] })),
    outputNames: kernel.outputNames,
    runSync,
    run: (feeds, outputs) => new Promise((resolve) => resolve(runSync(feeds, outputs))),
    close: () => Promise.resolve(),
  };
}

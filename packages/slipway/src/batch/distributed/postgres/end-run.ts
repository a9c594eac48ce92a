// The end of a run, by whichever process comes first: under a lease as a shard is, so that one that is killed over it is
// followed by another, and one that was only held up finds its turn gone.

import { existsSync } from "node:fs";
import { SlipwayError } from "@slipway/core/base";
import { finishShared, lostParts, recorded } from "../finish-shared.ts";
import { readRun, removeRun } from "../shared-run.ts";
import { failureOf, type RunState, type RunStore } from "./run-store.ts";

/** False: it was another's turn, or parts have to be made again. @throws SlipwayError batch-run-unreachable, database-... */
export async function endRun(store: RunStore, state: RunState): Promise<boolean> {
  const { id, folder, leaseMs } = state;
  // Put in place by a process that did not come to say so; or here where its storage is not seen nobody claims it.
  let summary = recorded(id, state.record);
  const run = summary === undefined ? readRun(folder) : undefined;
  const token = await store.claimEnd(id);
  if (token === undefined) return false;
  const began = performance.now();
  const timer = setInterval(() => void store.renewEnd(id, token).catch(() => undefined), leaseMs / 3);
  try {
    if (run !== undefined) {
      const parts = await store.parts(id);
      const lost = lostParts(run, parts);
      if (lost.length > 0) {
        await store.forget(id, lost);
        return false;
      }
      summary = await finishShared({
        run, maxErrors: state.maxErrors, parts, failed: await store.setAside(id), tag: `.${token}`, seconds: () => state.seconds + (performance.now() - began) / 1000,
        place: async (renames) => {
          if (!(await store.fenced(id, token, renames))) throw new LostTurn();
        },
      });
    }
    // What could not be made may be tried again: its run stays.
    if (summary!.failed === undefined) removeRun(folder);
    await store.end(id, token, { summary: summary! });
    return true;
  } catch (error) {
    if (error instanceof LostTurn || !existsSync(folder)) return false;
    // What the database cannot answer now is asked again; the rest is this run's end, unless it was another's turn.
    if (!(error instanceof SlipwayError) || error.code.startsWith("database-")) throw error;
    await store.end(id, token, { failure: failureOf(error) });
    return true;
  } finally {
    clearInterval(timer);
  }
}

class LostTurn extends Error {}

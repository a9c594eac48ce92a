// The end of a run, by whichever process comes first: under a lease as a shard is, so that one that is killed over it is
// followed by another, and one that was only held up finds its turn gone.

import { SlipwayError } from "@slipway/core/base";
import { isStorageAway } from "./patience.ts";
import { homeOf, type OpenRun } from "../run-home.ts";
import { failureOf, type RunState, type RunStore } from "./run-store.ts";

/** False: it was another's turn, or parts have to be made again. @throws SlipwayError batch-run-unreachable, batch-source-..., database-... */
export async function endRun(store: RunStore, state: RunState): Promise<boolean> {
  const { id, folder, leaseMs } = state;
  // Whoever waits for a run in a bucket would bring its model here at each look, while another process ends it.
  if (!(await store.canClaimEnd(id))) return false;
  const home = await homeOf(folder, state.record);
  // Put in place by a process that did not come to say so; or here where its storage is not seen nobody claims it.
  let summary = await home.recorded(id);
  let open: OpenRun | undefined;
  try {
    if (summary === undefined) open = await home.open();
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== "batch-run-unreachable") throw error;
    // Ended between two looks.
    summary = await home.recorded(id);
    if (summary === undefined && (await store.read(id))?.state !== "open") return false;
    if (summary === undefined) throw error;
  }
  let timer: NodeJS.Timeout | undefined;
  let token: number | undefined;
  try {
    token = await store.claimEnd(id);
    if (token === undefined) return false;
    const turn = token;
    const began = performance.now();
    timer = setInterval(() => void store.renewEnd(id, turn).catch(() => undefined), leaseMs / 3);
    if (open !== undefined) {
      const parts = await store.parts(id);
      const lost = await open.lost(parts);
      if (lost.length > 0) {
        await store.forget(id, lost);
        return false;
      }
      summary = await open.finish({
        maxErrors: state.maxErrors, parts, failed: await store.setAside(id), tag: `.${turn}`, seconds: () => state.seconds + (performance.now() - began) / 1000,
        place: async (act) => {
          if (!(await store.fenced(id, turn, act))) throw new LostTurn();
        },
      });
    }
    // What could not be made may be tried again: its run stays.
    if (summary!.failed === undefined) await home.remove();
    await store.end(id, turn, { summary: summary! });
    return true;
  } catch (error) {
    if (token === undefined) throw error;
    if (error instanceof LostTurn || !(await home.exists())) return false;
    // What the database or the storage cannot answer now is asked again; the rest is this run's end, unless it was another's turn.
    if (!(error instanceof SlipwayError) || error.code.startsWith("database-") || isStorageAway(error)) throw error;
    await store.end(id, token, { failure: failureOf(error) });
    return true;
  } finally {
    clearInterval(timer);
    open?.close();
  }
}

class LostTurn extends Error {}

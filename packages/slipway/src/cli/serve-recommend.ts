// Recommendations of `slipway serve` and `slipway up`, by their settings. The store is opened when it is first needed.

import type { ServeSettings } from "../config/index.ts";
import type { Database } from "../database/index.ts";
import { Catalogues, CatalogueStore, recommendProtocol } from "../recommend/index.ts";
import type { StartOptions } from "../server/index.ts";
import { storeUrl } from "./serve-monitor.ts";

/** @param shared a database that is open and stays its owner's, where the settings name none */
export function openRecommending({ recommend: { store, interval, search, maxItems } }: ServeSettings, shared?: Database): { readonly protocol: NonNullable<StartOptions["protocols"]>[number]; close(): Promise<void> } {
  const catalogues = new Catalogues({
    store: () => (store !== undefined ? CatalogueStore.open(storeUrl(store), maxItems) : shared !== undefined ? CatalogueStore.over(shared, maxItems) : CatalogueStore.open("sqlite::memory:", maxItems)),
    kept: store !== undefined || shared !== undefined, intervalMs: interval, search,
  });
  return { protocol: recommendProtocol(catalogues, shared === undefined ? "operate" : "release"), close: () => catalogues.close() };
}

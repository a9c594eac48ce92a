// A search that was told not to fit its best candidate anew (refit=False): its file says which settings are best, and holds no model.

import type { SlipwayError } from "../../base/index.ts";
import { convertError } from "./errors.ts";
import type { Estimator } from "./estimator.ts";

/** The error for such a search; undefined for every other estimator. */
export function notRefitted(est: Estimator): SlipwayError | undefined {
  if (est.has("best_estimator_") || !est.has("cv_results_") || !est.className.endsWith("SearchCV")) return undefined;
  return convertError("not-fitted", `${est.className} with refit=False keeps no fitted model`, {
    where: est.path, hint: "Search with refit=True, or fit an estimator with best_params_ and save that." });
}

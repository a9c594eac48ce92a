// Which version of a model answers a request that names none: an override header first, then the split, by a sticky key
// where there is one. Versions that cannot answer have no weight.

import type { ModelSettings } from "../../config/index.ts";
import type { Prediction } from "../../runtime/index.ts";
import { serverError } from "../errors.ts";
import type { Call } from "../http/call.ts";
import type { ModelEntry } from "../models/model-entry.ts";
import type { ModelVersion } from "../models/model-version.ts";
import { ShadowReport } from "./shadow-report.ts";
import { chooseByFraction, fractionOf } from "./split.ts";

export type TrafficSettings = NonNullable<ModelSettings["traffic"]>;
export type ChosenBy = "override" | "sticky" | "weight" | "default";
export interface ShownRequest {
  /** Under which labels for it are sent; undefined where rows were left out, so that they are not counted through. */
  readonly id: string | undefined;
  /** The version that answered. */
  readonly answered: string;
  /** Where both were asked side by side. */
  readonly times: { readonly shadowMs: number; readonly againMs: number } | undefined;
}
/** Told of a request that was shown to the shadow; its answer is undefined where it failed. */
export type ShadowWatch = (given: Prediction, shadow: Prediction | undefined, request: ShownRequest) => void;

const MAX_KEY = 1000;
const DEFAULT_OVERRIDE = "x-slipway-version";

export class Traffic {
  readonly settings: TrafficSettings;
  readonly shadowReport: ShadowReport = new ShadowReport();
  /** Requests by version and how it was chosen. */
  readonly counts: Map<string, number> = new Map();
  readonly onShadow: ShadowWatch | undefined;
  readonly #scope: string;
  readonly #override: string;
  readonly #random: () => number;

  /** @param random numbers in [0, 1), for tests */
  constructor(model: string, settings: TrafficSettings, random: () => number = Math.random, onShadow?: ShadowWatch) {
    this.settings = settings;
    this.#scope = `${model}\0${settings.experiment ?? ""}`;
    this.#override = (settings.overrideHeader ?? DEFAULT_OVERRIDE).toLowerCase();
    this.#random = random;
    this.onShadow = onShadow;
    const split = settings.split ?? [];
    if (split.length > 0 && !split.some((p) => p.weight > 0)) throw serverError("traffic-invalid", `the split of ${model} gives no version any weight`);
  }

  /** Versions and aliases that requests may be sent to by chance. */
  get named(): readonly string[] {
    return [...(this.settings.split ?? []).map((p) => p.version), ...(this.settings.shadow === undefined ? [] : [this.settings.shadow])];
  }

  /** By header, or undefined. @throws SlipwayError model-unknown */
  override(call: Call, entry: ModelEntry): ModelVersion | undefined {
    const wanted = call.header(this.#override);
    return wanted === undefined || wanted === "" ? undefined : entry.resolve(wanted.slice(0, MAX_KEY));
  }

  /** By chance, or by the key of the sticky header. Undefined where the split says nothing. */
  choose(call: Call, entry: ModelEntry, can: (version: ModelVersion) => boolean): { readonly version: ModelVersion; readonly by: ChosenBy } | undefined {
    const { stickyHeader } = this.settings;
    const key = stickyHeader === undefined ? undefined : call.header(stickyHeader.toLowerCase());
    return this.chooseBy(key, entry, can);
  }
  chooseBy(key: string | undefined, entry: ModelEntry, can: (version: ModelVersion) => boolean): { readonly version: ModelVersion; readonly by: ChosenBy } | undefined {
    const parts = (this.settings.split ?? []).flatMap(({ version, weight }) => {
      const found = entry.get(version);
      return found === undefined || !can(found) ? [] : [{ found, version: found.version, weight }];
    });
    const sticky = key !== undefined && key !== "";
    const chosen = chooseByFraction(parts, sticky ? fractionOf(this.#scope, key.slice(0, MAX_KEY)) : this.#random());
    const version = parts.find((p) => p.version === chosen)?.found;
    return version === undefined ? undefined : { version, by: sticky ? "sticky" : "weight" };
  }

  count(version: string, by: ChosenBy): void {
    const key = `${version}\0${by}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
  sampleShadow(): boolean {
    return this.settings.shadow !== undefined && this.#random() < (this.settings.shadowShare ?? 1);
  }
}

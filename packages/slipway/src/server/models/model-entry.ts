// A model's name with its versions, its aliases and what was set for it.

import { nearest } from "@slipway/core/base";
import type { ModelSettings } from "../../config/index.ts";
import { serverError } from "../errors.ts";
import type { Steering } from "../traffic/steering.ts";
import { Traffic, type TrafficSettings } from "../traffic/traffic.ts";
import type { ModelVersion } from "./model-version.ts";
import { compareVersions } from "./version-order.ts";

/** Aliases that answer requests which name no version, the first one that is set. */
const DEFAULT_ALIASES = ["production", "stable"];

export class ModelEntry {
  readonly name: string;
  settings: ModelSettings;
  readonly versions: Map<string, ModelVersion> = new Map();
  /** Alias -> version. */
  readonly aliases: Map<string, string>;
  /** Which version answers requests that name none, where that was set. */
  traffic: Traffic | undefined;
  /** Of a rollout that goes on here. */
  steering: Steering | undefined;
  /** Versions that are only there to be tried, or to go back to: none of them answers unless it is asked for. */
  aside: ReadonlySet<string> = new Set();

  constructor(name: string, settings: ModelSettings) {
    this.name = name;
    this.settings = settings;
    this.aliases = new Map(Object.entries(settings.aliases ?? {}));
    this.setTraffic(settings.traffic);
  }

  /** @throws SlipwayError traffic-invalid */
  setTraffic(settings: TrafficSettings | undefined): void {
    // A section of which only the defaults are set says nothing.
    this.traffic = settings === undefined || Object.keys(settings).every((k) => k === "shadowShare") ? undefined : new Traffic(this.name, settings);
  }
  /** Versions that must be there: those of aliases and of traffic. */
  get named(): readonly string[] {
    return [...this.aliases.values(), ...(this.traffic?.named ?? []).filter((v) => !this.aliases.has(v))];
  }
  /** Whether it may be put away for want of memory. */
  mayGo(version: ModelVersion): boolean {
    return !this.settings.pin && !this.aside.has(version.version) && this.traffic?.named.some((v) => this.get(v) === version) !== true;
  }

  /** Highest last. */
  get sorted(): readonly ModelVersion[] {
    return [...this.versions.values()].sort((a, b) => compareVersions(a.version, b.version));
  }

  /** What answers a request that names no version: an alias's where it is usable, else the highest that is. */
  get preferred(): ModelVersion | undefined {
    if (this.versions.size === 1 && this.aside.size === 0) return this.versions.values().next().value;
    for (const alias of DEFAULT_ALIASES) {
      const version = this.versions.get(this.aliases.get(alias) ?? "");
      if (version !== undefined && usable(version)) return version;
    }
    const sorted = this.sorted.filter((v) => !this.aside.has(v.version));
    return sorted.findLast((v) => v.state === "ready") ?? sorted.findLast(usable) ?? sorted.at(-1);
  }

  /** By version, alias or digest. */
  get(wanted: string): ModelVersion | undefined {
    const direct = this.versions.get(wanted) ?? this.versions.get(this.aliases.get(wanted) ?? "");
    if (direct !== undefined || !wanted.startsWith("sha256:")) return direct;
    return this.sorted.findLast((v) => v.digest === wanted);
  }

  /** @throws SlipwayError model-unknown */
  resolve(wanted: string, what: "version" | "label" = "version"): ModelVersion {
    const found = what === "label" ? this.versions.get(this.aliases.get(wanted) ?? "") : this.get(wanted);
    if (found !== undefined) return found;
    const versions = this.sorted.map((v) => v.version);
    // Numbers are near each other without being meant.
    const near = wanted.length < 3 ? undefined : nearest(wanted, [...versions, ...this.aliases.keys()]);
    throw serverError("model-unknown", `Request for unknown model: ${JSON.stringify(this.name)} ${what} ${JSON.stringify(wanted.slice(0, 100))} is not found`, {
      hint: `${near === undefined ? "" : `Did you mean ${near}? `}Served here: ${versions.length === 1 ? "version" : "versions"} ${versions.slice(-20).join(", ")}${this.aliases.size > 0 ? `; labels ${[...this.aliases].map(([a, v]) => `${a} (${v})`).join(", ")}` : ""}.` });
  }
}

export function usable(version: ModelVersion): boolean {
  return version.state === "ready" || (version.onDemand && version.state !== "unavailable");
}

// Traffic put together: the version for a request, the shadow after its answer, and what is counted of both.

import type { Servable } from "../../runtime/index.ts";
import type { Layer } from "../app.ts";
import type { Call } from "../http/call.ts";
import type { ModelDirectory } from "../models/directory.ts";
import { usable, type ModelEntry } from "../models/model-entry.ts";
import type { ModelVersion } from "../models/model-version.ts";
import { family, type Family, type Labels } from "../telemetry/family.ts";
import { keyOfRow } from "./key-of-row.ts";
import { RoutedModel } from "./routed-model.ts";
import { ShadowRunner } from "./shadow.ts";
import type { Steering } from "./steering.ts";
import type { Traffic } from "./traffic.ts";

export class TrafficRouter {
  readonly shadows: ShadowRunner = new ShadowRunner();
  readonly #directory: ModelDirectory;

  constructor(directory: ModelDirectory) {
    this.#directory = directory;
  }

  /** For a request that names no version. @throws SlipwayError model-unknown, model-unavailable */
  select(call: Call, entry: ModelEntry, traffic: Traffic, otherwise: ModelVersion, steering?: Steering): Servable | Promise<Servable> {
    const forced = traffic.override(call, entry);
    if (traffic.settings.experiment !== undefined) call.experiment = traffic.settings.experiment;
    const byColumn = forced === undefined && traffic.settings.stickyColumn !== undefined && call.header((traffic.settings.stickyHeader ?? "").toLowerCase()) === undefined;
    const chosen = forced === undefined ? (byColumn ? undefined : traffic.choose(call, entry, usable)) : { version: forced, by: "override" as const };
    const version = chosen?.version ?? otherwise;
    if (!byColumn) {
      traffic.count(version.version, chosen?.by ?? "default");
      // What a caller chose by hand is no fair sample.
      if (forced === undefined) call.watch = steering?.watch(version.version);
    }
    const held = this.#directory.hold(call, entry, version);
    const shadowed = traffic.sampleShadow();
    if (!byColumn && !shadowed) return held;
    let answering = version.version;
    const route = (model: Servable): Servable => (call.target = new RoutedModel(model, {
      choose: byColumn ? (input) => {
        // Rows are checked at once, so only what is in memory can be chosen.
        const by = traffic.chooseBy(keyOfRow(input, traffic.settings.stickyColumn!, 0, model.signature), entry, (v) => v.servable !== undefined);
        const picked = by?.version ?? version;
        traffic.count(picked.version, by?.by ?? "default");
        call.watch = steering?.watch(picked.version);
        if (picked.servable === undefined) return model;
        answering = picked.version;
        picked.lastAsked = performance.now();
        call.onFinished(picked.lease());
        return picked.servable;
      } : undefined,
      answered: shadowed ? (input, onInvalid, outputs, given) => {
        const shadow = steering === undefined ? traffic.settings.shadow : steering.beside(answering);
        if (shadow === undefined) return;
        call.onFinished(() => this.shadows.add({
          traffic, input, onInvalid, outputs, given, id: call.predictionId, answered: answering, take: () => this.#directory.take(entry.name, shadow),
          again: steering === undefined ? undefined : () => this.#directory.take(entry.name, answering),
        }));
      } : undefined,
    }));
    return held instanceof Promise ? held.then(route) : route(held);
  }

  families(): Family[] {
    const entries = [...this.#directory.entries.values()].flatMap((e) => [e.steering?.traffic ?? e.traffic].flatMap((t) => (t === undefined ? [] : [[e.name, t] as const])));
    const shadows = entries.filter(([, t]) => t.settings.shadow !== undefined);
    const ofShadow = (model: string, t: Traffic): Labels => ({ model, shadow: t.settings.shadow! });
    const perOutput = (pick: (d: { labels: number; equal: number; values: number; largest: number }) => number, has: "labels" | "values"): [Labels, number][] =>
      shadows.flatMap(([model, t]) => [...t.shadowReport.outputs].filter(([, d]) => d[has] > 0).map(([output, d]): [Labels, number] => [{ ...ofShadow(model, t), output }, pick(d)]));
    return [
      family("counter", "slipway_traffic_requests_total", "Requests without a version of their own, by the version that traffic gave them and why.", entries.flatMap(([model, t]) => [...t.counts].map(([key, count]): [Labels, number] => {
        const [version, by] = key.split("\0") as [string, string];
        return [{ model, version, by, experiment: t.settings.experiment ?? "" }, count];
      }))),
      family("counter", "slipway_shadow_requests_total", "Requests shown to a shadow, by what came of it.", shadows.flatMap(([model, t]) => Object.entries(t.shadowReport.outcomes).map(([outcome, count]): [Labels, number] => [{ ...ofShadow(model, t), outcome }, count]))),
      family("counter", "slipway_shadow_labels_total", "Labels compared with a shadow's.", perOutput((d) => d.labels, "labels")),
      family("counter", "slipway_shadow_labels_equal_total", "Labels that a shadow gave too.", perOutput((d) => d.equal, "labels")),
      family("gauge", "slipway_shadow_largest_difference", "Largest difference between a number and a shadow's.", perOutput((d) => d.largest, "values")),
    ];
  }
}

const versionHeaders = new WeakMap<Servable, Readonly<Record<string, string>>>();
/** A header holds one line of plain characters; names and versions do. */
function headersOf(model: Servable): Readonly<Record<string, string>> {
  let headers = versionHeaders.get(model);
  if (headers === undefined) versionHeaders.set(model, (headers = { "x-slipway-version": model.version.replace(/[^\x21-\x7e]/g, "?") }));
  return headers;
}

/** Which version answered, and in which experiment. */
export function versionLayer(): Layer {
  return {
    name: "version",
    headers(call) {
      if (call.target === undefined || call.route?.action !== "predict") return undefined;
      const headers = headersOf(call.target);
      return call.experiment === undefined ? headers : { ...headers, "x-slipway-experiment": call.experiment };
    },
  };
}

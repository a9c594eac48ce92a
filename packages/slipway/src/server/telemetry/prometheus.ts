// Prometheus text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/

import type { Family, Labels } from "./family.ts";

export function prometheusText(families: readonly Family[]): string {
  let text = "";
  for (const { name, type, help, series } of families) {
    text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    for (const { labels, value } of series) {
      if (typeof value === "number") {
        text += sample(name, labels, value);
        continue;
      }
      let below = 0;
      value.bounds.forEach((bound, i) => {
        below += value.counts[i]!;
        text += sample(`${name}_bucket`, { ...labels, le: String(bound) }, below);
      });
      text += sample(`${name}_bucket`, { ...labels, le: "+Inf" }, value.count);
      text += sample(`${name}_sum`, labels, value.sum);
      text += sample(`${name}_count`, labels, value.count);
    }
  }
  return text;
}

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([k, v]) => `${k}="${v.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${Number.isFinite(value) ? value : value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : "NaN"}\n`;
}

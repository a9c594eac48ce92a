// Settings of a table as options of a command, and what a call gave for them.

import { leavesOf, type ConfigSources, type Fields } from "../config/index.ts";
import type { Invocation, OptionSpec } from "./command.ts";

export function configOptions(fields: Fields): Record<string, OptionSpec> {
  return {
    config: { type: "string", value: "FILE", help: "the configuration; slipway.config.yaml, .json or .ts of this folder by default" },
    ...Object.fromEntries(leavesOf(fields).map(({ flag, spec }) => [flag, {
      type: spec.type === "flag" ? "boolean" : "string",
      ...(spec.short === undefined ? {} : { short: spec.short }),
      ...(spec.type === "texts" ? { multiple: true } : {}),
      ...(spec.value === undefined ? {} : { value: spec.value }),
      help: `${spec.help}${defaultText(spec)}`,
    } satisfies OptionSpec])),
  };
}

function defaultText(spec: ReturnType<typeof leavesOf>[number]["spec"]): string {
  const choices = spec.type === "choice" ? `: ${spec.choices.join(", ")}` : "";
  if (spec.default === undefined || spec.default === false) return choices;
  return `${choices} (${shownDefault(spec)} by default)`;
}

/** As a person would write it. */
export function shownDefault({ type, default: value }: { readonly type: string; readonly default?: unknown }): string {
  if (type === "bytes") return typeof value === "number" && value % 1_048_576 === 0 ? `${value / 1_048_576}MB` : String(value);
  if (type === "duration") return typeof value === "number" && value % 1000 === 0 ? `${value / 1000}s` : `${String(value)}ms`;
  return Array.isArray(value) ? value.join(",") : String(value);
}

/** What the call and the environment say; the file is the one that is named, or that of the working folder. */
export function configSources(call: Invocation): ConfigSources {
  return {
    flags: ({ flag, spec }) => {
      if (spec.type === "flag") return call.flag(flag) ? true : undefined;
      if (spec.type === "texts") return call.texts(flag).length > 0 ? call.texts(flag) : undefined;
      return call.text(flag);
    },
    env: process.env, file: call.text("config") ?? process.env["SLIPWAY_CONFIG"], folder: process.cwd(),
  };
}

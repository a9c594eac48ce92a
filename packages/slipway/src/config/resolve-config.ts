// Options over environment over file over defaults, key by key; a list is taken whole from where it is given last.

import { nearest } from "@slipway/core/base";
import { findConfigFile, readConfigFile } from "./config-file.ts";
import { readLeafText } from "./read-leaf.ts";
import { readSection, requireAll, withDefaults, wrong, type Locate, type Tree } from "./read-value.ts";
import { leavesOf, type Fields, type Leaf, type Settings } from "./spec.ts";

export interface ConfigSources {
  /** What the command line gave for an option: its text, its texts, or true. */
  readonly flags?: (leaf: Leaf) => string | readonly string[] | true | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A file by name; otherwise the one in `folder`, if there is one. */
  readonly file?: string | undefined;
  readonly folder?: string | undefined;
}
export interface ResolvedConfig<F> {
  readonly settings: Settings<F>;
  /** The settings, of sections their first key, that something has set: the others are defaults. */
  readonly given: ReadonlySet<string>;
  /** The file that was read. */
  readonly file?: string;
  /** Things to tell: variables that look misspelt. */
  readonly notes: readonly string[];
}

/** @throws config-key-unknown, config-value-invalid, config-value-missing, config-file-unreadable, config-file-ambiguous */
export async function resolveConfig<F extends Fields>(fields: F, sources: ConfigSources): Promise<ResolvedConfig<F>> {
  const path = sources.file ?? (sources.folder === undefined ? undefined : findConfigFile(sources.folder));
  const file = path === undefined ? undefined : await readConfigFile(path);
  const locate: Locate = file?.locate ?? ((keys) => keys.join("."));
  let tree: Tree = file === undefined ? {} : readSection(fields, file.value, locate);
  const leaves = leavesOf(fields);
  for (const leaf of leaves) {
    const value = fromFlag(leaf, sources) ?? fromEnv(leaf, sources);
    if (value !== undefined) tree = put(tree, leaf.path, value);
  }
  const settings = withDefaults(fields, tree, locate);
  requireAll(fields, settings, locate, []);
  return { settings: settings as Settings<F>, given: new Set(Object.keys(tree)), notes: misspelt(leaves, sources.env ?? {}), ...(file === undefined ? {} : { file: file.path }) };
}

function fromFlag(leaf: Leaf, { flags }: ConfigSources): unknown {
  const given = flags?.(leaf);
  if (given === undefined || given === true || Array.isArray(given)) return given;
  return readLeafText(leaf.spec, given as string, (expected, found) => wrong(expected, found, `--${leaf.flag}`, leaf.spec.secret));
}

function fromEnv(leaf: Leaf, { env = {} }: ConfigSources): unknown {
  const text = env[leaf.env];
  // Kubernetes sets SLIPWAY_PORT=tcp://... in every pod beside a Service called slipway.
  if (text === undefined || text === "" || /^(?:tcp|udp|sctp):\/\//.test(text)) return undefined;
  return readLeafText(leaf.spec, text, (expected, found) => wrong(expected, found, leaf.env, leaf.spec.secret));
}

/** Others may set variables that begin alike, so an unknown one is only told of where it is nearly a known one. */
function misspelt(leaves: readonly Leaf[], env: Readonly<Record<string, string | undefined>>): string[] {
  const known = leaves.map((l) => l.env);
  return Object.keys(env).filter((name) => /^SLIPWAY_/i.test(name) && !known.includes(name) && !ELSEWHERE.has(name)).flatMap((name) => {
    const near = nearest(name, known);
    return near === undefined ? [] : [`the variable ${name} is not known and was not used; did you mean ${near}?`];
  });
}
/** Read by other parts of the program. */
const ELSEWHERE: ReadonlySet<string> = new Set(["SLIPWAY_DEBUG", "SLIPWAY_RESTARTED", "SLIPWAY_CONFIG", "SLIPWAY_DATABASE_URL", "SLIPWAY_REGISTRY", "SLIPWAY_SECRETS_KEY", "SLIPWAY_SERVER", "SLIPWAY_API_KEY", "SLIPWAY_REGISTRY_CA", "SLIPWAY_REGISTRY_PLAIN_HTTP", "SLIPWAY_CACHE", "SLIPWAY_CACHE_LIMIT", "SLIPWAY_IMAGE_BASE"]);

function put(tree: Tree, [key, ...rest]: readonly string[], value: unknown): Tree {
  return { ...tree, [key!]: rest.length === 0 ? value : put((tree[key!] ?? {}) as Tree, rest, value) };
}

// What a configuration can hold, as plain data: one table gives validation, command-line options, environment
// variables, documentation and types. Adding a setting is adding one entry to a table.

interface Common {
  /** One sentence for help and documentation. */
  readonly help: string;
  readonly required?: boolean;
  /** The option's name without its dashes, where it is not the key's own; false where a setting stands in the file only. */
  readonly flag?: string | false;
  readonly short?: string;
  /** What stands for the value in help. */
  readonly value?: string;
  /** Never shown in a message. */
  readonly secret?: boolean;
}
export interface TextSpec extends Common {
  readonly type: "text";
  readonly default?: string;
  /** The whole text must match. */
  readonly pattern?: string;
}
export interface TextsSpec extends Common {
  readonly type: "texts";
  readonly default?: readonly string[];
}
export interface FlagSpec extends Common {
  readonly type: "flag";
  readonly default?: boolean;
}
export interface ChoiceSpec extends Common {
  readonly type: "choice";
  readonly choices: readonly string[];
  readonly default?: string;
}
/** `count`: whole. `number`: any finite. `bytes`: 67108864 or "64MB" (kB, MB, GB are powers of 1024). `duration`: milliseconds, or "500ms", "30s", "5m", "1h". */
export interface NumberSpec extends Common {
  readonly type: "count" | "number" | "bytes" | "duration";
  readonly min?: number;
  readonly max?: number;
  readonly default?: number;
}
export interface SectionSpec extends Common {
  readonly type: "section";
  readonly fields: Fields;
}
/** Keys of the user's own; file only. */
export interface MapSpec extends Common {
  readonly type: "map";
  readonly of: Spec;
  /** What a key is called in messages: "a model's name". */
  readonly keys: string;
}
/** File only. */
export interface ListSpec extends Common {
  readonly type: "list";
  readonly of: Spec;
}
export type Spec = TextSpec | TextsSpec | FlagSpec | ChoiceSpec | NumberSpec | SectionSpec | MapSpec | ListSpec;
export type Fields = Readonly<Record<string, Spec>>;

/** The type of what is read by a table of settings. */
export type Settings<F> = { readonly [K in keyof F as F[K] extends Sure ? K : never]: Value<F[K]> } & { readonly [K in keyof F as F[K] extends Sure ? never : K]?: Value<F[K]> };
type Sure = { readonly required: true } | { readonly default: unknown };
type Value<S> =
  S extends { readonly type: "text" } ? string
  : S extends { readonly type: "texts" } ? readonly string[]
  : S extends { readonly type: "flag" } ? boolean
  : S extends { readonly type: "choice"; readonly choices: readonly (infer C)[] } ? C
  : S extends { readonly type: "count" | "number" | "bytes" | "duration" } ? number
  : S extends { readonly type: "section"; readonly fields: infer F } ? Settings<F>
  : S extends { readonly type: "map"; readonly of: infer O } ? Readonly<Record<string, Value<O>>>
  : S extends { readonly type: "list"; readonly of: infer O } ? readonly Value<O>[]
  : never;

/** A setting that an option and an environment variable can give. */
export interface Leaf {
  readonly path: readonly string[];
  readonly spec: Exclude<Spec, SectionSpec | MapSpec | ListSpec>;
  /** Without dashes. */
  readonly flag: string;
  readonly env: string;
}

/** `tls.certFile` is --tls-cert-file and SLIPWAY_TLS_CERT_FILE. */
export function leavesOf(fields: Fields, above: readonly string[] = []): Leaf[] {
  return Object.entries(fields).flatMap(([key, spec]): Leaf[] => {
    const path = [...above, key];
    if (spec.flag === false || spec.type === "map" || spec.type === "list") return [];
    if (spec.type === "section") return leavesOf(spec.fields, path);
    const flag = spec.flag ?? path.map(kebab).join("-");
    return [{ path, spec, flag, env: `SLIPWAY_${flag.replaceAll("-", "_").toUpperCase()}` }];
  });
}

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
}

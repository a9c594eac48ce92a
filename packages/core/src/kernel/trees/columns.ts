// What the walks read of a row: one column for each way in which nodes ask for a feature, so that every node is the one
// question `x <= threshold`, to which NaN answers no. Where a node sends NaN the other way, it asks a copy of the feature
// that has -infinity in place of NaN; a node with a set asks a column that holds 0 for members and 1 for others. Features that
// are 1 where a code is a certain one and else 0 are flags: their columns stand behind the others and are written by the code.

import { sourcesOf, type Numbers, type Source, type Store, type Value } from "../value.ts";
import type { Forest } from "./forest.ts";

export interface Columns {
  readonly count: number;
  /** Columns of numbers; those behind them are flags. */
  readonly numbers: number;
  /** Column and threshold by node. */
  readonly column: Int32Array;
  readonly threshold: Float64Array;
  /** Writes the columns of numbers of `count` rows, those of row `first` at `out[0]` and on, `stride` numbers a row. */
  fill(first: number, count: number, out: Float64Array, stride: number): void;
  /** Flags by what they are made of. */
  readonly flags: readonly FlagGroup[];
  /** The same columns of numbers by where their numbers come from; none where some are made of sets. */
  readonly origins: readonly Origin[];
}

/** A feature's numbers, and the columns that hold them: as they are, and with -infinity in place of NaN. */
export interface Origin {
  readonly feature: number;
  readonly source: Source;
  readonly plain: number | undefined;
  readonly lowered: number | undefined;
}

/** Flags of one column of codes. */
export class FlagGroup {
  readonly store: Store;
  readonly place: number;
  readonly #columns = new Map<number | string, number[]>();
  /** Of small whole codes the one column, or -1; undefined where some are others. */
  #dense: Int32Array | undefined = new Int32Array(0);

  constructor(store: Store, place: number) {
    this.store = store;
    this.place = place;
  }
  add(code: number | string, column: number): void {
    // Nothing is equal to NaN.
    if (code !== code) return;
    const known = this.#columns.get(code);
    if (known === undefined) this.#columns.set(code, [column]);
    else known.push(column);
    if (known !== undefined || typeof code === "string" || !Number.isInteger(code) || code < 0 || code >= MOST_DENSE) this.#dense = undefined;
    else if (this.#dense !== undefined) {
      if (this.#dense.length <= code) {
        const more = new Int32Array(code + 1).fill(-1);
        more.set(this.#dense);
        this.#dense = more;
      }
      this.#dense[code] = column;
    }
  }
  /** Writes `value` at `out[row * rowStep + column * columnStep]` for the flags that are set. */
  set(first: number, count: number, out: Float64Array | Int8Array, rowStep: number, columnStep: number, value: ArrayLike<number>): void {
    const { store: { data, stride }, place } = this;
    const dense = this.#dense;
    for (let r = 0, i = first * stride + place, at = 0; r < count; r++, i += stride, at += rowStep) {
      const code = data[i]!;
      if (dense !== undefined) {
        const column = dense[code as number];
        if (column !== undefined && column >= 0) out[at + column * columnStep] = value[column]!;
      } else for (const column of this.#columns.get(code) ?? NONE) out[at + column * columnStep] = value[column]!;
    }
  }
}
const NONE: readonly number[] = [];
const MOST_DENSE = 4096;

/** Beyond this many sets a walk that looks into them is faster. */
const MOST_SETS = 512;

/** `X`: what the forest reads. */
export function planColumns(forest: Forest, X: Value): Columns | undefined {
  const sources = sourcesOf(X);
  const places = new Map<string, number>();
  const plain: number[] = [];
  const lowered: number[] = [];
  const flags: number[] = [];
  const asked: { readonly feature: number; readonly set: ReadonlySet<number>; readonly missing: number }[] = [];
  const kinds: { readonly list: number[] | typeof asked; readonly at: number }[] = [];
  const put = <T>(key: string, list: T[], value: T): number => {
    let at = places.get(key);
    if (at === undefined) {
      at = kinds.push({ list: list as number[], at: list.push(value) - 1 }) - 1;
      places.set(key, at);
    }
    return at;
  };
  const keys = new Map<ReadonlySet<number>, string>();
  const nodes = forest.feature.length;
  const kindOf = new Int32Array(nodes);
  const threshold = forest.threshold.slice();
  for (let i = 0; i < nodes; i++) {
    const feature = forest.feature[i]!;
    const set = forest.sets.get(i);
    if (!set) {
      // A flag is never missing.
      kindOf[i] = sources[feature]!.is !== undefined ? put(`f${feature}`, flags, feature) : forest.missingYes[i] !== 0 ? put(`l${feature}`, lowered, feature) : put(`p${feature}`, plain, feature);
      continue;
    }
    let key = keys.get(set);
    if (key === undefined) keys.set(set, (key = [...set].sort((a, b) => a - b).join()));
    const missing = 1 - forest.missingYes[i]!;
    kindOf[i] = put(`s${feature}:${missing}:${key}`, asked, { feature, set, missing });
    threshold[i] = 0.5;
    if (asked.length > MOST_SETS) return undefined;
  }
  const starts = new Map<unknown, number>([[plain, 0], [lowered, plain.length], [asked, plain.length + lowered.length], [flags, plain.length + lowered.length + asked.length]]);
  const column = kindOf.map((k) => starts.get(kinds[k]!.list)! + kinds[k]!.at);
  const numbers = plain.length + lowered.length + asked.length;
  const fillers = [
    ...byStore(plain, sources).map((run) => fillPlain(run, 0)),
    ...byStore(lowered, sources).map((run) => fillLowered(run, plain.length)),
    ...asked.map(({ feature, set, missing }, i) => fillAsked(sources[feature]!, set, missing, plain.length + lowered.length + i)),
  ];
  return {
    count: numbers + flags.length, numbers, column, threshold,
    fill(first, count, out, stride) {
      for (const filler of fillers) filler(first, count, out, stride);
    },
    flags: flagGroups(flags, sources, numbers),
    origins: asked.length > 0 ? [] : originsOf(plain, lowered, sources),
  };
}

function originsOf(plain: readonly number[], lowered: readonly number[], sources: readonly Source[]): Origin[] {
  const features = [...new Set([...plain, ...lowered])].sort((a, b) => a - b);
  const columnIn = (list: readonly number[], start: number): ReadonlyMap<number, number> => new Map(list.map((feature, i) => [feature, start + i]));
  const [plainAt, loweredAt] = [columnIn(plain, 0), columnIn(lowered, plain.length)];
  return features.map((feature) => ({ feature, source: sources[feature]!, plain: plainAt.get(feature), lowered: loweredAt.get(feature) }));
}

type Filler = (first: number, count: number, out: Float64Array, stride: number) => void;
interface Run {
  readonly store: Store;
  /** Where each column comes from in a row of the store, and where it goes. */
  readonly from: Int32Array;
  readonly to: Int32Array;
}

function byStore(features: readonly number[], sources: readonly Source[]): Run[] {
  const stores = [...new Set(features.map((f) => sources[f]!.store))];
  return stores.map((store) => {
    const own = features.flatMap((f, i) => (sources[f]!.store === store ? [{ from: sources[f]!.place, to: i }] : []));
    return { store, from: Int32Array.from(own, (o) => o.from), to: Int32Array.from(own, (o) => o.to) };
  });
}

function fillPlain({ store, from, to }: Run, start: number): Filler {
  return (first, count, out, stride) => {
    const data: Numbers = store.numbers;
    const step = store.stride;
    for (let r = 0, at = first * step, o = start; r < count; r++, at += step, o += stride) for (let i = 0; i < from.length; i++) out[o + to[i]!] = data[at + from[i]!]!;
  };
}
function fillLowered({ store, from, to }: Run, start: number): Filler {
  return (first, count, out, stride) => {
    const data: Numbers = store.numbers;
    const step = store.stride;
    for (let r = 0, at = first * step, o = start; r < count; r++, at += step, o += stride) {
      for (let i = 0; i < from.length; i++) {
        const x = data[at + from[i]!]!;
        out[o + to[i]!] = x === x ? x : -Infinity;
      }
    }
  };
}
function fillAsked({ store, place, is }: Source, set: ReadonlySet<number>, missing: number, to: number): Filler {
  return (first, count, out, stride) => {
    const { data } = store;
    const step = store.stride;
    for (let r = 0, at = first * step + place, o = to; r < count; r++, at += step, o += stride) {
      const x = is === undefined ? (data[at] as number) : data[at] === is ? 1 : 0;
      out[o] = x === x ? (set.has(x) ? 0 : 1) : missing;
    }
  };
}

function flagGroups(flags: readonly number[], sources: readonly Source[], start: number): FlagGroup[] {
  const groups: FlagGroup[] = [];
  flags.forEach((feature, i) => {
    const { store, place, is } = sources[feature]!;
    let group = groups.find((g) => g.store === store && g.place === place);
    if (group === undefined) groups.push((group = new FlagGroup(store, place)));
    group.add(is!, start + i);
  });
  return groups;
}

// profile.json, checked as it is read, and written.

import type { Distribution, Shape } from "../stats/index.ts";
import { packageError } from "./errors.ts";
import { asText, decodeNumber, encodeNumber, JsonObject, type Fail } from "./json.ts";
import { LOSS_KINDS } from "./losses.ts";
import { MOST_SCORED, type ProfiledScore } from "./profile-scores.ts";
import type { Profile, ProfiledColumn } from "./profile.ts";
import type { Scalar } from "./signature.ts";

const MAX_BINS = 10_000;
const MAX_HASHES = 1 << 16;
const MAX_PARTS = 100_000;
const MAX_SCORES = 10;
const MAX_DEPTH = 8;

const fail: Fail = (message, where) => packageError("package-profile", message, { where: `profile.json: ${where}` });

export function profileToJson(profile: Profile): object {
  return {
    version: profile.version, source: profile.source, rows: profile.rows,
    columns: profile.columns.map(({ name, distribution }) => ({ name, ...distributionToJson(distribution) })),
    ...(profile.words === undefined ? {} : { words: profile.words.map(({ name, distribution }) => ({ name, ...distributionToJson(distribution) })) }),
    outputs: profile.outputs.map(({ name, entry, distribution }) => ({ name, entry, ...distributionToJson(distribution) })),
    ...(profile.scores === undefined ? {} : { scores: profile.scores.map((score) => ({ ...score, distribution: distributionToJson(score.distribution) })) }),
    seen: profile.seen,
  };
}
export function distributionToJson({ shape, rows, missing, bins, outside, sum, squares }: Distribution): object {
  const bounds = shape.kind === "category" ? { values: shape.values } : { edges: shape.edges.map(encodeNumber), low: encodeNumber(shape.low), high: encodeNumber(shape.high) };
  return { kind: shape.kind, ...bounds, rows, missing, outside, bins, sum: encodeNumber(sum), squares: encodeNumber(squares) };
}

/** null where the package holds none. @throws package-profile */
export function parseProfile(json: unknown): Profile | null {
  if (json === null || json === undefined) return null;
  const top = new JsonObject(json, "", fail);
  if (top.get("version") !== 1) throw fail("expected 1: it was made by another version of Slipway", "version");
  const source = top.object("source");
  const sha256 = source.optionalString("sha256");
  const seen = top.object("seen");
  return {
    version: 1,
    source: { rows: source.oneOf("rows", ["training", "checks"]), file: source.string("file"), ...(sha256 === undefined ? {} : { sha256 }) },
    rows: top.count("rows"),
    columns: top.array("columns", MAX_PARTS, parseColumn),
    ...(top.get("words") === undefined ? {} : { words: top.array("words", MAX_PARTS, parseColumn) }),
    outputs: top.array("outputs", MAX_PARTS, (value, where) => {
      const output = new JsonObject(value, where, fail);
      const entry = output.get("entry");
      if (entry !== null && !["string", "number", "boolean"].includes(typeof entry)) throw fail("expected a class, a place or null", output.at("entry"));
      return { name: output.string("name"), entry: entry as Scalar | null, distribution: parseDistribution(output) };
    }),
    ...(top.get("scores") === undefined ? {} : { scores: top.array("scores", MAX_SCORES, parseScore) }),
    seen: {
      size: seen.count("size", MAX_HASHES),
      hashes: seen.array("hashes", MAX_HASHES, (value, where) => {
        if (!Number.isSafeInteger(value)) throw fail("expected a whole number", where);
        return value as number;
      }),
    },
  };
}

function parseScore(value: unknown, where: string): ProfiledScore {
  const score = new JsonObject(value, where, fail);
  const width = score.count("width", MOST_SCORED + 1);
  const trees = score.object("trees");
  const depth = trees.count("depth", MAX_DEPTH);
  const numbers = (from: JsonObject, name: string): number[] => from.array(name, MAX_PARTS, number);
  const [features, thresholds, leaves] = [numbers(trees, "features"), numbers(trees, "thresholds"), numbers(trees, "leaves")];
  const count = leaves.length >> depth;
  if (depth < 1 || count < 1 || leaves.length !== count << depth || features.length !== count * ((1 << depth) - 1) || thresholds.length !== features.length) throw fail("the trees are not whole", trees.at("leaves"));
  if (features.some((f) => !Number.isInteger(f) || f < 0 || f >= width)) throw fail(`expected places below ${width}`, trees.at("features"));
  return { kind: score.oneOf("kind", ["isolation", ...LOSS_KINDS]), width, trees: { depth, features, thresholds, leaves }, scale: number(score.get("scale"), score.at("scale")), miss: number(score.get("miss"), score.at("miss")), distribution: parseDistribution(score.object("distribution")) };
}
function number(value: unknown, where: string): number {
  const read = decodeNumber(value);
  if (read === undefined) throw fail("expected a number", where);
  return read;
}

function parseColumn(value: unknown, where: string): ProfiledColumn {
  const column = new JsonObject(value, where, fail);
  return { name: column.string("name"), distribution: parseDistribution(column) };
}

export function parseDistribution(from: JsonObject): Distribution {
  const kind = from.oneOf("kind", ["number", "length", "category"]);
  const shape: Shape = kind === "category"
    ? { kind, values: from.array("values", MAX_BINS, (value, where) => asText(value, where, fail)) }
    : { kind, edges: from.array("edges", MAX_BINS, number), low: number(from.get("low"), from.at("low")), high: number(from.get("high"), from.at("high")) };
  if (shape.kind !== "category" && shape.edges.some((edge, i) => Number.isNaN(edge) || (i > 0 && !(edge > shape.edges[i - 1]!)))) throw fail("expected edges that rise", from.at("edges"));
  const rows = from.count("rows");
  const missing = from.count("missing");
  const bins = from.array("bins", MAX_BINS + 1, (value, where) => {
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw fail("expected a count", where);
    return value as number;
  });
  const wanted = (shape.kind === "category" ? shape.values.length : shape.edges.length) + 1;
  if (bins.length !== wanted) throw fail(`${bins.length} counts for ${wanted} bins`, from.at("bins"));
  if (bins.reduce((a, b) => a + b, missing) !== rows) throw fail(`the counts do not add up to ${rows} rows`, from.at("bins"));
  return { shape, rows, missing, bins, outside: from.count("outside"), sum: number(from.get("sum"), from.at("sum")), squares: number(from.get("squares"), from.at("squares")) };
}

// What pack takes of a model that recommends: its items, their vectors, how an answer is made.

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { SIMILARITIES, type Similarity } from "@slipway/core/package";
import type { RecommendOptions } from "../runtime/index.ts";
import { usageError, type Invocation, type OptionSpec } from "./command.ts";
import { readText } from "./read-text.ts";

const MOST = 1000;
const USUAL = 10;

export const recommendOptions: Readonly<Record<string, OptionSpec>> = {
  recommend: { type: "boolean", help: "a model that recommends: factors of users and items (implicit, surprise, an .npz), or any model whose output says where somebody stands" },
  items: { type: "string", value: "FILE", help: "with --recommend: the items in the model's order, CSV or JSON, with id and what a page shows of them" },
  users: { type: "string", value: "FILE", help: "with --recommend: the users' ids, one a line, where the model's file has none" },
  popularity: { type: "string", value: "COLUMN", help: "with --recommend: the column of --items that says how popular an item is, for those without history" },
  "item-vectors": { type: "string", value: "FILE", help: "with --recommend: the items' vectors (.npy), which the model's output is compared with" },
  "item-tower": { type: "string", value: "FILE", help: "with --recommend: the model that gives an item's vector from its columns in --items" },
  query: { type: "string", value: "OUTPUT", help: "with --recommend: the output to compare, where several would do" },
  similarity: { type: "string", value: "NAME", help: `with --recommend: ${SIMILARITIES.join(" or ")}; dot by default` },
  k: { type: "string", value: "N", help: `with --recommend: how many items an answer has, 1 to ${MOST}; ${USUAL} by default` },
  "cold-start": { type: "string", value: "WHAT", help: "with --recommend: who has no history gets the popular items (by default), or is refused: popular or refused" },
};

/** @throws bad-argument, data-not-found, data-not-text */
export async function recommendOf(call: Invocation): Promise<RecommendOptions | undefined> {
  const given = Object.keys(recommendOptions).find((name) => name !== "recommend" && call.text(name) !== undefined);
  if (!call.flag("recommend")) {
    if (given !== undefined) throw usageError("bad-argument", `--${given} is for models that recommend`, { hint: `Add --recommend, or leave --${given} out.` });
    return undefined;
  }
  const similarity = call.text("similarity");
  if (similarity !== undefined && !SIMILARITIES.includes(similarity as Similarity)) throw usageError("bad-argument", `--similarity is ${JSON.stringify(similarity)}`, { hint: `It is ${SIMILARITIES.join(" or ")}.` });
  const cold = call.text("cold-start") ?? "popular";
  if (cold !== "popular" && cold !== "refused") throw usageError("bad-argument", `--cold-start is ${JSON.stringify(cold)}`, { hint: "It is popular or refused." });
  if (call.text("item-vectors") !== undefined && call.text("item-tower") !== undefined) throw usageError("bad-argument", "--item-vectors and --item-tower both say where the items stand", { hint: "Give one of them." });
  if (call.text("popularity") !== undefined && call.text("items") === undefined) throw usageError("bad-argument", "--popularity names a column of --items, and there are none", { hint: "--items items.csv" });
  const table = async (name: string): Promise<{ file: string; text: string } | undefined> => {
    const path = call.text(name);
    return path === undefined ? undefined : { file: basename(path), text: await readText(path) };
  };
  const vectors = call.text("item-vectors");
  return {
    k: call.count("k", [1, MOST]) ?? USUAL, similarity: similarity as Similarity | undefined, cold, items: await table("items"), users: await table("users"),
    popularity: call.text("popularity"), vectors: vectors === undefined ? undefined : await bytesOf(vectors), tower: call.text("item-tower"), output: call.text("query"),
  };
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw usageError("data-not-found", `the items' vectors ${JSON.stringify(path)} cannot be read (${(cause as NodeJS.ErrnoException).code ?? "unknown"})`, { cause });
  }
}

// Recommendations and catalogues over HTTP:
//   POST  /models/NAME/recommend     who asks, or what was seen -> the best items that may be shown
//   POST  /models/NAME/search        a text -> the passages that are nearest to it, of a package that slipway index made
//   GET   /models/NAME/catalogue     the items as they are now, ?limit= of them after the place ?after=; ?text= looks for some
//   PATCH /models/NAME/catalogue     add, remove, mark; see change.ts

import { parseJson, placeRows, readInput, type ModelInput, type Servable } from "../runtime/index.ts";
import { allowModel, bodyText, changeModels, infer, jsonAnswer, type Answer, type Call, type Protocol, type Route, type ServerContext } from "../server/index.ts";
import type { Catalogues } from "./catalogues.ts";
import { readChange, type ItemChange, type ItemState } from "./change.ts";
import { recommendError } from "./errors.ts";
import { readQueries, readSearch } from "./query.ts";
import type { ShelfItem } from "./shelf.ts";
import { recommend, type Ask, type Recommendation } from "./recommend.ts";

const OBJECT = { "application/json": { type: "object" } } as const;
const PAGE = 100;
const LARGEST_PAGE = 10_000;
const MAX_TEXT = 200;
const LOOKED_AT = 20_000;

/**
 * For `protocols` of the server's options.
 * @param changing what they may do who change a catalogue: where releases are made, whoever makes those
 */
export function recommendProtocol(catalogues: Catalogues, changing: "operate" | "release" = "operate"): (context: ServerContext) => Protocol {
  return (context) => {
    const of = async (call: Call): Promise<Servable> => {
      const model = await context.models.select(call, call.params);
      allowModel(call, model.name);
      return model;
    };
    const routes: Route[] = [
      {
        method: "POST", path: "/models/{name}/recommend", action: "predict",
        about: { tag: "recommend", summary: "The best items for a user, or for what somebody has seen", request: OBJECT, response: OBJECT },
        handle: async (call) => answer(context, catalogues, await of(call), call),
      },
      {
        method: "POST", path: "/models/{name}/search", action: "predict",
        about: { tag: "recommend", summary: "The passages of indexed documents that are nearest to a text", request: OBJECT, response: OBJECT },
        handle: async (call) => search(context, catalogues, await of(call), call),
      },
      {
        method: "GET", path: "/models/{name}/catalogue", action: "read",
        about: { tag: "recommend", summary: "The items that a model recommends, as they are now", response: OBJECT, query: { after: { type: "integer" }, limit: { type: "integer" }, text: { type: "string" } } },
        handle: async (call) => list(catalogues, await of(call), call),
      },
      {
        method: "PATCH", path: "/models/{name}/catalogue", action: changing,
        about: { tag: "recommend", summary: "Items added, taken out, marked as unavailable, described", request: OBJECT, response: OBJECT },
        handle: async (call) => {
          changeModels(call);
          return change(context, catalogues, await of(call), call);
        },
      },
    ];
    return { name: "recommend", routes };
  };
}

async function answer(context: ServerContext, catalogues: Catalogues, model: Servable, call: Call): Promise<Answer> {
  const standing = await catalogues.of(model);
  const { queries, many } = readQueries(bodyOf(call));
  let id: string | undefined;
  let asked: ModelInput | undefined;
  const ask: Ask = async (input, outputs) => {
    asked = input;
    const { encoded, prediction } = await infer(context, call, model, input, { onInvalid: "rows", outputs });
    id = call.predictionId;
    // What the graph refuses is somebody without history; what does not fit the signature is a bad request.
    if (encoded.kept !== undefined) for (const row of placeRows(encoded, prediction)) if ("error" in row) throw recommendError("recommend-request", `user: ${(row as { error: { message: string } }).error.message}`, { where: "user" });
    return prediction;
  };
  const made = await recommend(model, standing, queries, ask, call);
  if (asked !== undefined) context.options.observer?.listed?.(call, model, listsOf(made, asked));
  const shown = made.map(({ items, cold, row }) => ({ items, cold, prediction_id: row === undefined ? null : `${id}-${row}` }));
  const tail = { model: { name: model.name, version: model.version, digest: model.digest }, catalogue: { version: standing.version } };
  return jsonAnswer(many ? { recommendations: shown, ...tail } : { ...shown[0]!, ...tail });
}

/** Those that the model was asked for. */
function listsOf(made: readonly Recommendation[], input: ModelInput): { readonly row: number; readonly items: readonly string[]; readonly input: ModelInput }[] {
  return made.flatMap(({ row, items }) => (row === undefined ? [] : [{ row, items: items.map((item) => item.id), input }]));
}

/** As a recommendation for one who asks with a text. */
async function search(context: ServerContext, catalogues: Catalogues, model: Servable, call: Call): Promise<Answer> {
  const standing = await catalogues.of(model);
  if (model.signature.layout !== "text") throw recommendError("recommend-none", `${model.name} is asked by no text`, { hint: "slipway index FOLDER --model EMBEDDER makes a package that is; others are asked at /recommend." });
  let asked: ModelInput | undefined;
  const [made] = await recommend(model, standing, [readSearch(bodyOf(call))], async (input, outputs) => (await infer(context, call, model, (asked = input), { onInvalid: "rows", outputs })).prediction, call);
  if (asked !== undefined) context.options.observer?.listed?.(call, model, listsOf([made!], asked));
  return jsonAnswer({ results: made!.items.map(({ id, score, metadata }) => ({ ...metadata, id, score })), model: { name: model.name, version: model.version, digest: model.digest }, catalogue: { version: standing.version }, prediction_id: `${call.predictionId}-0` });
}

async function list(catalogues: Catalogues, model: Servable, call: Call): Promise<Answer> {
  const { shelf, version, cold, changed } = await catalogues.of(model);
  const text = call.query.get("text")?.trim().toLowerCase() ?? "";
  if (text.length > MAX_TEXT) throw recommendError("recommend-request", `text has ${text.length} characters`, { where: "text", hint: `At most ${MAX_TEXT}.` });
  const after = whole(call, "after", 0, Number.MAX_SAFE_INTEGER);
  const limit = whole(call, "limit", PAGE, LARGEST_PAGE);
  const items: object[] = [];
  let place = after;
  for (; place < shelf.size && items.length < limit; place++) {
    const item = shelf.at(place);
    if (item !== undefined && (text === "" || isAbout(item, text))) items.push(item);
    // Where few are found many are looked at: others get their turn.
    if ((place + 1) % LOOKED_AT === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      call.throwIfAborted();
    }
  }
  return jsonAnswer({ version, kept: catalogues.kept, changed: changed ?? null, counts: shelf.counts, cold, items, next: place < shelf.size ? place : null });
}

/** Whether its id or something that is told of it holds a text. */
function isAbout({ id, metadata }: ShelfItem, text: string): boolean {
  return id.toLowerCase().includes(text) || Object.values(metadata).some((value) => value !== null && String(value).toLowerCase().includes(text));
}

async function change(context: ServerContext, catalogues: Catalogues, model: Servable, call: Call): Promise<Answer> {
  if (context.cluster !== undefined && !catalogues.kept) throw recommendError("catalogue-not-shared", "several processes serve, and they share no catalogue", { hint: "--catalogues catalogues.db" });
  const { shelf } = await catalogues.of(model);
  const asked = readChange(bodyOf(call));
  const { width, settings } = shelf.space;
  const states = new Map<string, ItemState>(asked.remove.map((id) => [id, { removed: true }]));
  const towered = asked.tower === undefined ? undefined : await towerVectors(context, call, asked.tower, asked.items);
  for (const [i, item] of asked.items.entries()) {
    const { id, state } = item;
    const vector = item.vector ?? towered?.get(id);
    if (vector !== undefined && (settings.kind !== "embedding" || vector.length !== width)) throw recommendError("catalogue-invalid", settings.kind === "embedding" ? `a vector of ${vector.length} numbers, where ${width} are expected` : "the model finds items by no vectors of theirs", { where: `items[${i}].vector` });
    if (vector?.every(Number.isFinite) === false) throw recommendError("catalogue-invalid", `${asked.tower} gives a vector with something that is no number`, { where: `items[${i}].row` });
    states.set(id, { ...state, ...(vector === undefined ? {} : { vector: { digest: model.digest, values: vector } }) });
  }
  const gone = asked.remove.find((id) => { const place = shelf.placeOf(id); return place === undefined || shelf.at(place) === undefined; });
  if (gone !== undefined) throw recommendError("catalogue-item", `the catalogue of ${model.name} has no item ${JSON.stringify(gone.slice(0, 100))}`, { where: "remove" });
  const version = await catalogues.change(model.name, { states, cold: asked.cold, ifVersion: asked.ifVersion, by: call.principal?.person ?? "anonymous" });
  return jsonAnswer({ version, kept: catalogues.kept, changed: states.size });
}

/** By item. @throws catalogue-invalid, and what the tower says of a row */
async function towerVectors(context: ServerContext, call: Call, name: string, items: readonly ItemChange[]): Promise<ReadonlyMap<string, readonly number[]>> {
  const tower = await context.models.select(call, { name });
  const output = tower.signature.outputs.find((o) => (o.type === "float" || o.type === "double") && o.rowShape.length === 1);
  if (output === undefined) throw recommendError("catalogue-invalid", `${name} gives no vector`, { where: "tower" });
  const asked = items.filter((item) => item.row !== undefined);
  const { prediction } = await infer(context, call, tower, readInput(asked.map((item) => item.row), tower.signature), { outputs: [output.name] });
  const { data, width } = prediction.outputs[0]!;
  return new Map(asked.map(({ id }, row) => [id, Array.from({ length: width }, (_, i) => Number(data[row * width + i]))]));
}

function bodyOf(call: Call): unknown {
  return parseJson(bodyText(call.body, call.header("content-type") ?? ""));
}

/** @throws recommend-request */
function whole(call: Call, name: string, otherwise: number, most: number): number {
  const text = call.query.get(name);
  if (text === null) return otherwise;
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || value > most || (name === "limit" && value === 0)) throw recommendError("recommend-request", `${name} is ${JSON.stringify(text.slice(0, 40))}`, { where: name, hint: `A whole number, at most ${most}.` });
  return value;
}

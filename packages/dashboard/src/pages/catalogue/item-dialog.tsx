// One item: its id, whether it is shown, how popular it is, what is told of it and, of a new one, where it stands.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { asApiError, type ApiError } from "../../api/client.ts";
import { Act, Failure, Field } from "../../parts/basics.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import type { Item } from "../catalogue.tsx";

/** As the service takes it. */
export interface ItemChange {
  readonly id: string;
  readonly available: boolean;
  readonly popularity?: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly vector?: readonly number[];
}

/** `item` undefined: a new one. */
export function ItemDialog({ item, onClose, onSave }: { readonly item: Item | undefined; readonly onClose: () => void; readonly onSave: (item: ItemChange) => Promise<void> }): VNode {
  const [id, setId] = useState(item?.id ?? "");
  const [available, setAvailable] = useState(item?.available ?? true);
  const [popularity, setPopularity] = useState(item?.popularity === undefined ? "" : String(item.popularity));
  const [metadata, setMetadata] = useState(item === undefined ? "" : Object.entries(item.metadata).map(([k, v]) => `${k}: ${typeof v === "string" ? v : JSON.stringify(v)}`).join("\n"));
  const [vector, setVector] = useState("");
  const [wrong, setWrong] = useState<Readonly<Record<string, string>>>({});
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);

  const save = async (): Promise<void> => {
    const problems: Record<string, string> = {};
    if (id.trim() === "") problems["id"] = "An item has an id.";
    if (popularity.trim() !== "" && !Number.isFinite(Number(popularity))) problems["popularity"] = "This is no number.";
    const told = readLines(metadata, item?.metadata);
    if (told === undefined) problems["metadata"] = "Each line is a name, a colon and a value.";
    const numbers = vector.trim() === "" ? undefined : vector.trim().replace(/^\[|\]$/g, "").split(/[\s,;]+/).filter((v) => v !== "").map(Number);
    if (numbers?.some((n) => !Number.isFinite(n)) === true) problems["vector"] = "These are not all numbers.";
    setWrong(problems);
    if (Object.keys(problems).length > 0) return;
    await onSave({ id: id.trim(), available, ...(popularity.trim() === "" ? {} : { popularity: Number(popularity) }), metadata: told!, ...(numbers === undefined ? {} : { vector: numbers }) });
  };
  return <Dialog title={item === undefined ? "Add an item" : `Change ${item.id}`} onClose={onClose}>
    {failure !== undefined && <Failure error={failure} />}
    {item === undefined && <Field id="item-id" label="Id" problem={wrong["id"]}><input id="item-id" type="text" maxLength={512} value={id} onInput={(e) => setId(e.currentTarget.value)} /></Field>}
    <div class="check"><input type="checkbox" id="item-available" checked={available} onChange={(e) => setAvailable(e.currentTarget.checked)} /><label for="item-available">It is shown</label></div>
    <Field id="item-popularity" label="Popularity" hint="Who has no history is shown the items with the largest numbers. Left empty, what is known stays." problem={wrong["popularity"]}><input id="item-popularity" type="text" inputMode="decimal" value={popularity} onInput={(e) => setPopularity(e.currentTarget.value)} /></Field>
    <Field id="item-metadata" label="What is told of it" hint="A line each: price: 39.9. What the package tells of it stays where its line is taken away: give it another value, or null." problem={wrong["metadata"]}><textarea id="item-metadata" rows={5} value={metadata} onInput={(e) => setMetadata(e.currentTarget.value)} /></Field>
    <Field id="item-vector" label="Where it stands" hint="The item's numbers in the space of the version in use. Left empty, what is known stays; a new item without them is shown by lists and popularity alone." problem={wrong["vector"]}><textarea id="item-vector" rows={2} value={vector} onInput={(e) => setVector(e.currentTarget.value)} /></Field>
    <div class="buttons"><Act className="primary" work={save} onError={(thrown) => setFailure(asApiError(thrown))}>{item === undefined ? "Add it" : "Change it"}</Act><button type="button" onClick={onClose}>Cancel</button></div>
  </Dialog>;
}

/** Names and values; undefined where a line is none of both. Numbers, true, false and null are what they look like, but where a text was before. */
function readLines(text: string, before: Item["metadata"] = {}): Record<string, unknown> | undefined {
  const found: [string, unknown][] = [];
  for (const line of text.split(/\r?\n/).filter((l) => l.trim() !== "")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim();
    if (colon < 1 || name === "") return undefined;
    const value = line.slice(colon + 1).trim();
    found.push([name, typeof before[name] === "string" ? value : value === "true" || value === "false" || value === "null" ? JSON.parse(value) : value !== "" && Number.isFinite(Number(value)) ? Number(value) : value]);
  }
  return Object.fromEntries(found);
}

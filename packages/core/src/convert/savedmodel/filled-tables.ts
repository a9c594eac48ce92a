// What lookup tables hold: told by the nodes that TensorFlow would run to fill them (LookupTableImportV2, or a vocabulary
// file among the assets), in the main graph or in functions that it calls. They are read and not run.

import type { Tensor } from "../../tensor/index.ts";
import type { ReadSibling } from "../imported.ts";
import { malformed, savedModelError, shown } from "./errors.ts";
import type { SavedModel, TfNode } from "./model.ts";
import { readTensor } from "./tensor-proto.ts";

export interface TableContent {
  readonly keys: Tensor;
  readonly values: Tensor;
}
type Scope = (input: string) => TfNode | undefined;
interface Filling {
  readonly op: string;
  readonly inputs: readonly (TfNode | undefined)[];
  readonly node: TfNode;
}

const IMPORTS: ReadonlySet<string> = new Set(["LookupTableImportV2", "LookupTableImport", "InitializeTableV2", "InitializeTable"]);
const FILES: ReadonlySet<string> = new Set(["InitializeTableFromTextFileV2", "InitializeTableFromTextFile"]);
const CALLS: ReadonlySet<string> = new Set(["StatefulPartitionedCall", "PartitionedCall"]);
const MAX_DEPTH = 8;
const MAX_CALLS = 20_000;
const MAX_ASSET = 2 ** 28;

const nodeOf = (input: string): string => input.split(":")[0]!;
const shared = (node: TfNode | undefined): string => node?.attrs.get("shared_name")?.text(2) ?? "";

/** By the table's node, or the name it shares. */
function fillings(model: SavedModel): { readonly byNode: Map<string, Filling>; readonly byName: Map<string, Filling> } {
  const byNode = new Map<string, Filling>();
  const byName = new Map<string, Filling>();
  let calls = 0;
  const walk = (nodes: ReadonlyMap<string, TfNode>, scope: Scope, depth: number): void => {
    for (const node of nodes.values()) {
      const inputs = (): (TfNode | undefined)[] => node.inputs.filter((i) => !i.startsWith("^")).map(scope);
      if (IMPORTS.has(node.op) || FILES.has(node.op)) {
        const given = inputs();
        const [table] = given;
        if (!table) continue;
        const filling = { op: node.op, inputs: given, node };
        byNode.set(table.name, filling);
        if (shared(table) !== "") byName.set(shared(table), filling);
      } else if (CALLS.has(node.op) && depth < MAX_DEPTH && ++calls < MAX_CALLS) {
        const body = model.functions.get(node.attrs.get("f")?.message(10)?.text(1) ?? "");
        if (!body || !fills(model, body.nodes, new Set())) continue;
        const given = inputs();
        const args = new Map(body.args.map((arg, i) => [arg, given[i]]));
        walk(body.nodes, (input) => args.get(nodeOf(input)) ?? through(body.nodes, nodeOf(input)), depth + 1);
      }
    }
  };
  // The path of a file goes through a variable that is assigned when TensorFlow loads the model.
  const assigned = new Map([...model.nodes.values()].flatMap((n) => (n.op === "AssignVariableOp" ? [[nodeOf(n.inputs[0] ?? ""), nodeOf(n.inputs[1] ?? "")] as const] : [])));
  walk(model.nodes, (input) => {
    const node = through(model.nodes, nodeOf(input));
    const path = node?.op === "ReadVariableOp" ? assigned.get(nodeOf(node.inputs[0] ?? "")) : undefined;
    return path !== undefined && model.assets.has(path) ? model.nodes.get(path) : node;
  }, 0);
  return { byNode, byName };
}
function through(nodes: ReadonlyMap<string, TfNode>, name: string): TfNode | undefined {
  let node = nodes.get(name);
  for (let step = 0; node?.op === "Identity" && step < MAX_DEPTH; step++) node = nodes.get(nodeOf(node.inputs[0] ?? ""));
  return node;
}
/** Whether a function, or one it calls, fills a table: others are not looked into. */
function fills(model: SavedModel, nodes: ReadonlyMap<string, TfNode>, seen: Set<string>): boolean {
  for (const node of nodes.values()) {
    if (IMPORTS.has(node.op) || FILES.has(node.op)) return true;
    const name = CALLS.has(node.op) ? (node.attrs.get("f")?.message(10)?.text(1) ?? "") : "";
    if (name === "" || seen.has(name)) continue;
    seen.add(name);
    const body = model.functions.get(name);
    if (body && fills(model, body.nodes, seen)) return true;
  }
  return false;
}

export function filledTables(model: SavedModel, readSibling: ReadSibling | undefined): (table: TfNode, where: string) => TableContent {
  const { byNode, byName } = fillings(model);
  const known = new Map<Filling, TableContent>();
  return (table, where) => {
    const filling = byNode.get(table.name) ?? byName.get(shared(table));
    if (!filling) throw savedModelError("savedmodel-operator", `${where}: nothing says what the table ${JSON.stringify(shown(table.name))} holds`, { where, hint: "Save the model with its tables filled by an initializer." });
    const content = known.get(filling) ?? (FILES.has(filling.op) ? ofFile(model, filling, table, readSibling) : { keys: constant(filling, 1), values: constant(filling, 2) });
    known.set(filling, content);
    return content;
  };
}
function constant(filling: Filling, i: number): Tensor {
  const node = filling.inputs[i];
  const value = node?.op === "Const" ? node.attrs.get("value")?.message(8) : undefined;
  const where = `node ${JSON.stringify(shown(filling.node.name))} (${filling.op})`;
  if (!value) throw savedModelError("savedmodel-operator", `${where}: a table that is filled with what is computed is not compiled`, { where });
  return readTensor(value, where);
}

/** key_index and value_index: -2 is the whole line, -1 its number. */
function ofFile(model: SavedModel, filling: Filling, table: TfNode, readSibling: ReadSibling | undefined): TableContent {
  const where = `node ${JSON.stringify(shown(filling.node.name))} (${filling.op})`;
  const file = model.assets.get(filling.inputs[1]?.name ?? "");
  if (file === undefined) throw malformed(`${where} is filled from a file that is no asset of the model`, where);
  const bytes = readSibling?.(`assets/${file}`, MAX_ASSET);
  if (!bytes) throw savedModelError("savedmodel-files", `the folder has no assets/${shown(file)}, which a table of the model is filled from`, { where, hint: "Pass the whole folder that the model was saved into." });
  const number = (name: string, otherwise: number): number => (filling.node.attrs.get(name)?.has(3) ? filling.node.attrs.get(name)!.number(3) : otherwise);
  const lines = new TextDecoder().decode(bytes).split("\n");
  if (lines.at(-1) === "") lines.pop();
  const size = number("vocab_size", -1);
  const used = size >= 0 ? lines.slice(0, size) : lines;
  const column = (index: number, type: number): Tensor => {
    const delimiter = filling.node.attrs.get("delimiter")?.text(2) || "\t";
    const texts = index === -1 ? used.map((_, i) => String(i + number("offset", 0))) : index === -2 ? used : used.map((line) => line.split(delimiter)[index] ?? "");
    if (type === 7) return { type: "string", shape: [texts.length], data: texts };
    if (type !== 9) throw savedModelError("savedmodel-operator", `${where}: a table of this type is not compiled`, { where });
    if (!texts.every((t) => /^-?\d{1,18}$/.test(t))) throw malformed(`${where}: the file has a line that is no number`, where);
    return { type: "int64", shape: [texts.length], data: BigInt64Array.from(texts, BigInt) };
  };
  const type = (name: string): number => table.attrs.get(name)?.number(6) ?? 0;
  return { keys: column(number("key_index", -2), type("key_dtype")), values: column(number("value_index", -1), type("value_dtype")) };
}

// Which key of the checkpoint each variable is restored from: told by the graph that TensorFlow would run to load the
// model, which is followed here and not run (RestoreV2 -> Identity -> AssignVariableOp), or by the objects that Python
// would bind to a function.

import { malformed, shown } from "./errors.ts";
import { Message } from "./message.ts";
import type { SavedModel, TfNode } from "./model.ts";
import { readTensor } from "./tensor-proto.ts";

const MAX_STEPS = 16;
const MAX_PATH = 10_000;
const ASSIGNS: ReadonlySet<string> = new Set(["AssignVariableOp", "Assign"]);
const PASSES: ReadonlySet<string> = new Set(["Identity", "Cast", "Reshape"]);

/** Names of variables' nodes in the main graph -> keys. */
export function restoredKeys(model: SavedModel): Map<string, string> {
  const keys = new Map<string, string>();
  follow(model.nodes, (name) => name, keys);
  const call = model.nodes.get(model.restore);
  const body = call && model.functions.get(call.attrs.get("f")?.message(10)?.text(1) ?? "");
  if (call && body) {
    const places = new Map(body.args.map((arg, i) => [arg, i]));
    follow(body.nodes, (name) => {
      const place = places.get(name);
      return place === undefined ? undefined : nodeOf(call.inputs[place] ?? "");
    }, keys);
  }
  return keys;
}

function follow(nodes: ReadonlyMap<string, TfNode>, variable: (name: string) => string | undefined, keys: Map<string, string>): void {
  for (const node of nodes.values()) {
    if (!ASSIGNS.has(node.op)) continue;
    let from = node.inputs[1] ?? "";
    for (let step = 0; step < MAX_STEPS; step++) {
      const source = nodes.get(nodeOf(from));
      if (!source) break;
      if (source.op === "RestoreV2") {
        const name = variable(nodeOf(node.inputs[0] ?? ""));
        const key = names(nodes, source)[indexOf(from)];
        if (name !== undefined && key !== undefined) keys.set(name, key);
        break;
      }
      if (!PASSES.has(source.op)) break;
      from = source.inputs[0] ?? "";
    }
  }
}

const MAX_OBJECTS = 500_000;
const VALUE = "/.ATTRIBUTES/VARIABLE_VALUE";

/**
 * The same by the graph of objects: a call's last inputs are the objects bound to its function, and an object's key is the
 * shortest path to it. Keras 3 models saved by tf.saved_model.save are restored by this alone.
 */
export function boundKeys(model: SavedModel, has: (key: string) => boolean): Map<string, string> {
  const keys = new Map<string, string>();
  const objects = model.objects?.messages(1) ?? [];
  if (objects.length > MAX_OBJECTS) return keys;
  const byObject = objectKeys(objects, has);
  const functions = model.objects?.map(2) ?? new Map<string, Message>();
  for (const call of model.nodes.values()) {
    const bound = functions.get(call.attrs.get("f")?.message(10)?.text(1) ?? "")?.ints(2) ?? [];
    const inputs = call.inputs.filter((i) => !i.startsWith("^"));
    bound.forEach((object, i) => {
      const name = nodeOf(inputs[inputs.length - bound.length + i] ?? "");
      const key = byObject.get(Number(object));
      if (model.nodes.get(name)?.op === "VarHandleOp" && key !== undefined) keys.set(name, key);
    });
  }
  return keys;
}

function objectKeys(objects: readonly Message[], has: (key: string) => boolean): Map<number, string> {
  const paths = new Map([[0, ""]]);
  const keys = new Map<number, string>();
  for (const [at, path] of paths) {
    for (const child of objects[at]?.messages(1) ?? []) {
      const [id, name] = [child.number(1), child.text(2)];
      if (path.length + name.length > MAX_PATH) continue;
      const next = `${path}${path === "" ? "" : "/"}${name.replaceAll(".", "..").replaceAll("/", ".S")}`;
      if (!keys.has(id) && has(next + VALUE)) keys.set(id, next + VALUE);
      if (!paths.has(id)) paths.set(id, next);
    }
  }
  return keys;
}

const known = new WeakMap<TfNode, readonly string[]>();
function names(nodes: ReadonlyMap<string, TfNode>, restore: TfNode): readonly string[] {
  const cached = known.get(restore);
  if (cached) return cached;
  const list = nodes.get(nodeOf(restore.inputs[1] ?? ""));
  const value = list?.attrs.get("value")?.message(8);
  const tensor = readTensor(value ?? new Message(new Uint8Array(0)), `node ${shown(restore.name)} (RestoreV2)`);
  if (tensor.type !== "string") throw malformed(`node ${shown(restore.name)} (RestoreV2) has no names of weights`);
  known.set(restore, tensor.data as readonly string[]);
  return tensor.data as readonly string[];
}

const nodeOf = (input: string): string => input.split(":")[0]!;
const indexOf = (input: string): number => {
  const last = input.split(":").at(-1)!;
  return input.includes(":") && /^\d+$/.test(last) ? Number(last) : 0;
};

// Follows the code of a TorchScript model with tensors that stand for values of the graph. Python's numbers, lists and
// branches are worked out now; what depends on the input's values cannot be, and is refused. Bounded in steps and depth.

import { PyDict, PyGlobal, PyList, PyObject, PyTuple, type PyValue } from "../../../pickle/index.ts";
import { SlipwayError } from "../../../base/index.ts";
import { attributesOf, type TorchArchive } from "../archive.ts";
import { EXPORT_LINE, malformed, shown, torchError } from "../errors.ts";
import { SCALAR_TYPES } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { ShapeFound } from "../operator.ts";
import { openShapeOf } from "./open-modules.ts";
import { describeValue, DictValue, ListValue, Opaque, OpenInput, TensorValue, type TorchValue } from "../values.ts";
import type { ScriptCode } from "./code.ts";
import type { Expression, FunctionDefinition, Statement } from "./parse.ts";

const MAX_STEPS = 1_000_000;
const MAX_CALLS = 200;
const MAX_VALUES = 100_000;

type Scope = Map<string, TorchValue>;
class Returned {
  readonly value: TorchValue;
  constructor(value: TorchValue) {
    this.value = value;
  }
}
type ModuleValue = Opaque<PyObject>;
const isModule = (v: TorchValue): v is ModuleValue => v instanceof Opaque && v.kind === "module";

/** How Python's infix operators are called. */
const INFIX: Readonly<Record<string, string>> = {
  "+": "add", "-": "sub", "*": "mul", "/": "div", "//": "floordiv", "%": "remainder", "**": "pow", "@": "matmul", "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
  "is": "__is__", "is not": "__isnot__", "&": "__and__", "|": "__or__", "^": "__xor__", "and": "__and__", "or": "__or__",
};

export class Evaluator {
  readonly #archive: TorchArchive;
  readonly #code: ScriptCode;
  readonly #c: TorchContext;
  readonly #constants: PyValue;
  readonly #values = new Map<PyValue, TorchValue>();
  #steps = 0;
  #depth = 0;

  constructor(archive: TorchArchive, code: ScriptCode, constants: PyValue, c: TorchContext) {
    this.#archive = archive;
    this.#code = code;
    this.#constants = constants;
    this.#c = c;
  }

  /** module.forward(*inputs) */
  forward(module: PyObject, inputs: readonly TorchValue[]): TorchValue {
    return this.#method(new Opaque("module", module), "forward", inputs, []);
  }

  #method(module: ModuleValue, name: string, args: readonly TorchValue[], named: readonly (readonly [string, TorchValue])[]): TorchValue {
    const { className } = module.content;
    const definition = this.#code.method(className, name);
    if (!definition) throw malformed(`the archive holds no code for ${shown(className)}.${shown(name)}`);
    const [open] = args;
    if (open instanceof OpenInput) {
      const found = openShapeOf(module.content, this.#archive, (constant) => {
        const e = this.#code.constant(className, constant);
        const kept = e ? undefined : attributesOf(module.content).get(constant);
        return e?.kind === "constant" ? e.value : kept;
      });
      if (found) throw new ShapeFound(open.index, found);
    }
    return this.#invoke(definition, [module, ...args], named);
  }
  #invoke(definition: FunctionDefinition, args: readonly TorchValue[], named: readonly (readonly [string, TorchValue])[]): TorchValue {
    if (++this.#depth > MAX_CALLS) throw torchError("torch-limit", `the model's code calls itself, or nests more than ${MAX_CALLS} deep`, { where: definition.file });
    const scope: Scope = new Map();
    if (args.length > definition.params.length) throw malformed(`${shown(definition.name)} is given ${args.length} arguments; it takes ${definition.params.length}`, definition.file);
    const given = new Map(named);
    definition.params.forEach((param, i) => {
      const value = i < args.length ? args[i]! : given.get(param.name) ?? (param.fallback ? this.#evaluate(param.fallback, new Map(), definition) : undefined);
      if (value === undefined) throw malformed(`${shown(definition.name)} is not given ${shown(param.name)}`, definition.file);
      scope.set(param.name, value);
    });
    const result = this.#run(definition.body, scope, definition);
    this.#depth--;
    return result?.value ?? null;
  }

  #run(statements: readonly Statement[], scope: Scope, f: FunctionDefinition): Returned | undefined {
    for (const s of statements) {
      if (++this.#steps > MAX_STEPS) throw torchError("torch-limit", `the model's code takes more than ${MAX_STEPS} steps`, { where: f.file });
      const result = this.#step(s, scope, f);
      if (result) return result;
    }
    return undefined;
  }
  #step(s: Statement, scope: Scope, f: FunctionDefinition): Returned | undefined {
    switch (s.kind) {
      case "assign":
        this.#assign(s.target, this.#evaluate(s.value, scope, f), scope, f);
        return undefined;
      case "declare":
        if (s.value) scope.set(s.name, this.#evaluate(s.value, scope, f));
        return undefined;
      case "evaluate":
        this.#evaluate(s.value, scope, f);
        return undefined;
      case "return":
        return new Returned(this.#evaluate(s.value, scope, f));
      case "if":
        return this.#branch(s, scope, f);
      case "for": {
        const given = this.#evaluate(s.over, scope, f);
        const over = given instanceof DictValue ? new ListValue([...given.entries.keys()]) : given instanceof TensorValue ? this.#c.call("unbind", [given]) : given;
        if (!(over instanceof ListValue)) throw torchError("torch-control-flow", `the model's code loops over ${describeValue(over)}`, { where: `${f.file} line ${s.line}`, hint: EXPORT_LINE });
        for (const item of over.items) {
          this.#assign(s.target, item, scope, f);
          const result = this.#run(s.body, scope, f);
          if (result) return result;
        }
        return undefined;
      }
      case "while":
        for (;;) {
          const test = this.#evaluate(s.test, scope, f);
          if (typeof test !== "boolean") throw torchError("torch-control-flow", "the model's code loops for as long as its input says", { where: `${f.file} line ${s.line}`, hint: EXPORT_LINE });
          if (!test) return undefined;
          const result = this.#run(s.body, scope, f);
          if (result) return result;
          if (++this.#steps > MAX_STEPS) throw torchError("torch-limit", `the model's code takes more than ${MAX_STEPS} steps`, { where: f.file });
        }
      default:
        return undefined;
    }
  }
  #branch(s: Extract<Statement, { kind: "if" }>, scope: Scope, f: FunctionDefinition): Returned | undefined {
    // A check that only raises is the file's own: the graph has the shapes it has.
    const [raises, otherRaises] = [onlyRaises(s.yes), onlyRaises(s.otherwise)];
    let test: TorchValue;
    try {
      test = this.#evaluate(s.test, scope, f);
    } catch (error) {
      if (!(raises || otherRaises) || !(error instanceof SlipwayError)) throw error;
      test = null;
    }
    if (typeof test !== "boolean") {
      if (raises) return this.#run(s.otherwise, scope, f);
      if (otherRaises) return this.#run(s.yes, scope, f);
      throw torchError("torch-control-flow", "the model's code branches on what it is given", { where: `${f.file} line ${s.line}`, hint: EXPORT_LINE });
    }
    return this.#run(test ? s.yes : s.otherwise, scope, f);
  }
  #assign(target: Expression, value: TorchValue, scope: Scope, f: FunctionDefinition): void {
    if (target.kind === "name") scope.set(target.name, value);
    else if (target.kind === "list") {
      if (value instanceof OpenInput) throw shapeUntold(f.file);
      if (!(value instanceof ListValue) || value.items.length !== target.items.length) throw malformed(`${describeValue(value)} is unpacked into ${target.items.length} names`, f.file);
      target.items.forEach((t, i) => this.#assign(t, value.items[i]!, scope, f));
    } else if (target.kind === "index") this.#store(this.#evaluate(target.of, scope, f), this.#evaluate(target.items[0]!, scope, f), value, f);
    else throw torchError("torch-operator", "the model's code keeps something in an object, so that one prediction would depend on those before", { where: f.file, hint: EXPORT_LINE });
  }
  /** x[key] = value, of lists and dicts that the code made. */
  #store(of: TorchValue, at: TorchValue, value: TorchValue, f: FunctionDefinition): void {
    if (of instanceof DictValue && at !== null && typeof at !== "object") {
      of.entries.set(String(at), value);
      if (of.entries.size > MAX_VALUES) throw torchError("torch-limit", "a dict of the model's code grows without end", { where: f.file });
      return;
    }
    const items = of instanceof ListValue ? of.items : undefined;
    const index = typeof at === "bigint" ? Number(at) + (at < 0n ? (items?.length ?? 0) : 0) : -1;
    if (!items || !(index >= 0 && index < items.length)) throw malformed(`${describeValue(of)} is stored into at ${describeValue(at)}`, f.file);
    items[index] = value;
  }

  #evaluate(e: Expression, scope: Scope, f: FunctionDefinition): TorchValue {
    switch (e.kind) {
      case "constant": return e.value;
      case "name": {
        const value = scope.get(e.name);
        if (value === undefined) return this.#global(e.name, f);
        return value;
      }
      case "attribute": {
        const path = dotted(e, scope);
        if (path !== undefined) return this.#global(path, f);
        return this.#attribute(this.#evaluate(e.of, scope, f), e.name, f);
      }
      case "list": {
        const items = e.items.map((i) => this.#evaluate(i, scope, f));
        return new ListValue(items, e.tuple);
      }
      case "dict": return new DictValue(new Map(e.items.map(([k, v]) => [String(this.#evaluate(k, scope, f)), this.#evaluate(v, scope, f)])));
      case "choice": {
        const test = this.#evaluate(e.test, scope, f);
        if (typeof test !== "boolean") throw torchError("torch-control-flow", "the model's code chooses by what it is given", { where: f.file, hint: EXPORT_LINE });
        return this.#evaluate(test ? e.yes : e.otherwise, scope, f);
      }
      case "index": return this.#index(this.#evaluate(e.of, scope, f), e.items.map((i) => this.#evaluate(i, scope, f)), f);
      case "unary": {
        const x = this.#evaluate(e.x, scope, f);
        if (e.op === "-") return this.#c.call("neg", [x]);
        return e.op === "not" ? this.#c.call("__not__", [x]) : e.op === "~" ? this.#c.call("bitwise_not", [x]) : x;
      }
      case "binary": {
        const a = this.#evaluate(e.a, scope, f);
        if (e.op === "and" && a === false) return false;
        if (e.op === "or" && a === true) return true;
        return this.#c.call(INFIX[e.op] ?? e.op, [a, this.#evaluate(e.b, scope, f)]);
      }
      default: return this.#call(e, scope, f);
    }
  }
  #index(of: TorchValue, items: readonly TorchValue[], f: FunctionDefinition): TorchValue {
    const [at] = items;
    if (of instanceof DictValue && at !== null && typeof at !== "object" && of.entries.has(String(at))) return of.entries.get(String(at))!;
    if (of instanceof ListValue && typeof at === "bigint") {
      const item = of.items.at(Number(at));
      if (item !== undefined) return item;
    }
    if (of instanceof OpenInput) throw shapeUntold(f.file);
    if (of instanceof TensorValue && typeof at === "bigint") return this.#c.call("select", [of, 0n, at]);
    throw malformed(`${describeValue(of)} is indexed by ${describeValue(at)}`, f.file);
  }
  /** CONSTANTS.c0, or a function or class by its full name. */
  #global(path: string, f: FunctionDefinition): TorchValue {
    const constant = /^CONSTANTS\.c(\d{1,9})$/.exec(path);
    if (constant) {
      const items = this.#constants instanceof PyTuple || this.#constants instanceof PyList ? this.#constants.items : [];
      const item = items[Number(constant[1])];
      if (item === undefined) throw malformed(`the archive holds no constant ${shown(path)}`, f.file);
      return this.value(item);
    }
    if (/^(__torch__|torch|ops|builtins)(\.|$)/.test(path) || /^\w+$/.test(path)) return new Opaque("name", path);
    throw malformed(`the code names ${shown(path)}, which it does not define`, f.file);
  }
  #attribute(of: TorchValue, name: string, f: FunctionDefinition): TorchValue {
    if (isModule(of)) {
      const stored = attributesOf(of.content).get(name);
      if (stored !== undefined) return this.value(stored);
      const constant = this.#code.constant(of.content.className, name);
      if (constant) return this.#evaluate(constant, new Map(), f);
      if (this.#code.method(of.content.className, name)) return new Opaque("method", [of, name] as const);
      throw malformed(`${shown(of.content.className)} has no attribute ${shown(name)}`, f.file);
    }
    if (of instanceof TensorValue && name === "shape") return this.#c.call("size", [of]);
    if (of instanceof TensorValue || of instanceof OpenInput) {
      const prim = this.#prim(name, [of]);
      if (prim !== undefined) return prim;
    }
    if (of instanceof TensorValue && name === "T") return this.#c.call("t", [of]);
    throw torchError("torch-operator", `the attribute ${shown(name)} of ${describeValue(of)} is not compiled`, { where: f.file, hint: EXPORT_LINE });
  }

  #call(e: Extract<Expression, { kind: "call" }>, scope: Scope, f: FunctionDefinition): TorchValue {
    const path = dotted(e.callee, scope);
    if (path === "annotate" || path === "unchecked_cast") return this.#evaluate(e.args[1]!, scope, f);
    if (path === "uninitialized") return null;
    const args = e.args.map((a) => this.#evaluate(a, scope, f));
    const named = e.named.map(([name, a]) => [name, this.#evaluate(a, scope, f)] as const);
    try {
      if (path !== undefined) return this.#callName(path, args, named, f);
      const callee = e.callee.kind === "attribute" ? this.#evaluate(e.callee.of, scope, f) : this.#evaluate(e.callee, scope, f);
      if (e.callee.kind === "attribute" && isModule(callee)) return this.#method(callee, e.callee.name, args, named);
      if (e.callee.kind === "attribute" && callee instanceof DictValue) {
        const found = this.#ofDict(callee, e.callee.name, args);
        if (found !== undefined) return found;
      }
      if (callee instanceof Opaque && callee.kind === "name") return this.#callName(String(callee.content), args, named, f);
      throw torchError("torch-operator", `a call of ${describeValue(callee)} is not compiled`, { hint: EXPORT_LINE });
    } catch (error) {
      if (error instanceof SlipwayError && error.where !== undefined && !error.where.includes(" line ") && error.code.startsWith("torch-")) {
        throw torchError(error.code as "torch-operator", error.message, { where: `${f.file} line ${e.line}`, hint: error.hint, cause: error });
      }
      throw error;
    }
  }
  #ofDict(dict: DictValue, method: string, [key, otherwise]: readonly TorchValue[]): TorchValue | undefined {
    const entries = [...dict.entries];
    if (method === "keys") return new ListValue(entries.map(([k]) => k));
    if (method === "values") return new ListValue(entries.map(([, v]) => v));
    if (method === "items") return new ListValue(entries.map(([k, v]) => new ListValue([k, v], true)));
    if (method === "get") return dict.entries.get(String(key)) ?? otherwise ?? null;
    return undefined;
  }
  #callName(path: string, args: readonly TorchValue[], named: readonly (readonly [string, TorchValue])[], f: FunctionDefinition): TorchValue {
    if (path.startsWith("__torch__.")) {
      const found = this.#code.find(path);
      const definition = found?.unit.functions.get(found.name);
      if (definition) return this.#invoke(definition, args, named);
      throw torchError("torch-operator", `${shown(path)} is not compiled`, { where: f.file, hint: EXPORT_LINE });
    }
    const dot = path.lastIndexOf(".");
    const [op, inside] = [path.slice(dot + 1), path.slice(0, Math.max(0, dot))];
    if (dot < 0) return this.#builtin(path, args, f);
    if (inside === "ops.prim" || inside === "prim") {
      const prim = this.#prim(op, args);
      if (prim !== undefined) return prim;
    }
    if (!/^(torch|ops\.aten|ops\.prim|prim|torch\.\w+(\.\w+)?)$/.test(inside)) {
      throw torchError("torch-operator", `${shown(path)} is an operator of someone's own, which is not compiled`, { where: f.file, hint: EXPORT_LINE });
    }
    const [first, second, third] = args;
    if (op === "_set_item") {
      this.#store(first ?? null, second ?? null, third ?? null, f);
      return null;
    }
    if (op === "__getitem__" && !(first instanceof TensorValue)) return this.#index(first ?? null, [second ?? null], f);
    if ((op === "any" || op === "all") && first instanceof ListValue && first.items.every((i) => typeof i === "boolean" || typeof i === "bigint" || typeof i === "number")) {
      return op === "any" ? first.items.some(Boolean) : first.items.every(Boolean);
    }
    if (first instanceof DictValue) {
      const found = this.#ofDict(first, op, args.slice(1));
      if (found !== undefined) return found;
    }
    return this.#c.call(op, args, new Map(named));
  }
  #prim(op: string, args: readonly TorchValue[]): TorchValue | undefined {
    const [x, y] = args;
    if (op === "max" || op === "min") {
      const items = x instanceof ListValue ? x.items : args;
      if (items.length > 0 && items.every((i) => typeof i === "bigint" || typeof i === "number")) return (items as (bigint | number)[]).reduce((a, b) => ((op === "max") === a > b ? a : b));
    }
    if (op === "unchecked_cast") return y ?? x;
    if (op === "RaiseException") throw torchError("torch-control-flow", `the model's code refuses its input${typeof x === "string" ? `: ${shown(x)}` : ""}`, { where: "RaiseException", hint: EXPORT_LINE });
    if (op === "dtype" && this.#c.isGuess(x)) throw torchError("torch-operator", "the model's code asks for the type of an input, which the file does not tell", { where: "dtype", hint: EXPORT_LINE });
    if (op === "dtype" && x instanceof TensorValue) return BigInt(Object.entries(SCALAR_TYPES).find(([, t]) => t === x.value.type)?.[0] ?? 6);
    if (op === "shape" && x !== undefined) return this.#c.call("size", [x]);
    if (op === "device" || op === "layout") return null;
    if (op === "type" && x === null) return "cpu";
    if (op === "dtype" && x instanceof OpenInput) throw shapeUntold("dtype");
    if (/^is_(cuda|nested|mps|sparse|quantized|meta|xpu|vulkan|mkldnn|leaf)$/.test(op)) return false;
    if (op === "requires_grad" || op === "training") return false;
    if (op === "ndim" && x !== undefined) return this.#c.call("dim", [x]);
    if ((op === "data" || op === "unchecked_unwrap_optional") && x !== undefined) return x;
    return undefined;
  }
  #builtin(name: string, args: readonly TorchValue[], f: FunctionDefinition): TorchValue {
    const [x] = args;
    if (name === "int" || name === "float" || name === "bool") return this.#c.call({ int: "Int", float: "Float", bool: "Bool" }[name], [x ?? null]);
    if (name === "len") return this.#c.call("len", [x ?? null]);
    if (name === "str") return String(describeValue(x));
    if (name === "isinstance") return x instanceof TensorValue;
    if (name === "min" || name === "max") return this.#prim(name, args) ?? this.#c.call(name, args);
    if (name === "dict") return new DictValue(new Map());
    if (name === "getattr" && x !== undefined && typeof args[1] === "string") return this.#attribute(x, args[1], f);
    if (name === "range") {
      const n = args.map((a) => (typeof a === "bigint" ? Number(a) : NaN));
      const [start, end, step] = n.length === 1 ? [0, n[0]!, 1] : [n[0]!, n[1]!, n[2] ?? 1];
      if (!Number.isInteger(start) || !Number.isInteger(end) || !step) throw torchError("torch-control-flow", "the model's code loops over a size that only its input has", { where: f.file, hint: EXPORT_LINE });
      const count = Math.max(0, Math.ceil((end - start) / step));
      if (count > MAX_VALUES) throw torchError("torch-limit", `the model's code loops ${count} times`, { where: f.file });
      return new ListValue(Array.from({ length: count }, (_, i) => BigInt(start + i * step)));
    }
    throw torchError("torch-operator", `${shown(name)} is not compiled`, { where: f.file, hint: EXPORT_LINE });
  }

  /** A value of the pickles. */
  value(v: PyValue, depth = 0): TorchValue {
    if (depth > 50) throw malformed("an attribute is nested too deep");
    if (v === null || typeof v === "boolean" || typeof v === "bigint" || typeof v === "number" || typeof v === "string") return v;
    const known = this.#values.get(v);
    if (known !== undefined) return known;
    const made = this.#make(v, depth);
    this.#values.set(v, made);
    return made;
  }
  #make(v: PyValue, depth: number): TorchValue {
    if (v instanceof PyList || v instanceof PyTuple) return new ListValue(v.items.map((i) => this.value(i, depth + 1)), v instanceof PyTuple);
    if (v instanceof PyDict) return new DictValue(new Map([...v.entries()].map(([k, x]) => [String(typeof k === "object" ? "" : k), this.value(x, depth + 1)])));
    if (v instanceof PyObject) {
      const tensor = this.#archive.tensorOf(v);
      if (tensor) return this.#c.tensor(tensor, this.#archive.halfOf(tensor));
      if (v.className.startsWith("torch.jit._pickle.")) return this.value(v.args.items[0] ?? null, depth + 1);
      if (v.className.startsWith("__torch__.")) return new Opaque("module", v);
      return new Opaque(shown(v.className), v);
    }
    return new Opaque(v instanceof PyGlobal ? shown(v.qualifiedName) : "value", v);
  }
}

const shapeUntold = (where: string): SlipwayError =>
  torchError("torch-operator", "the file does not tell how many dimensions the model's input has, and its code asks for them first", { where, hint: "Trace the model with an example (torch.jit.trace(model, example)), or export it with torch.export." });

function onlyRaises(body: readonly Statement[]): boolean {
  return body.some((s) => s.kind === "evaluate" && s.value.kind === "call" && s.value.callee.kind === "attribute" && s.value.callee.name === "RaiseException");
}

/** a.b.c, where a is no local name. */
function dotted(e: Expression, scope: Scope): string | undefined {
  if (e.kind === "name") return scope.has(e.name) ? undefined : e.name;
  if (e.kind !== "attribute") return undefined;
  const inside = dotted(e.of, scope);
  return inside === undefined ? undefined : `${inside}.${e.name}`;
}


// What each opcode does to the machine. One function per opcode, in a table of 256.

import { call, setState } from "./construct.ts";
import { pickleError } from "./errors.ts";
import { overLimit } from "./limits.ts";
import { cost } from "./cost.ts";
import type { Machine } from "./machine.ts";
import { parseFloatLine, parseIntegerLine, readSignedBigInt, smallInteger } from "./numbers.ts";
import { opcodeName, opcodes, type OpcodeName } from "./opcodes.ts";
import { decodeLatin1, decodeRawUnicodeEscape, decodeStringEscape, decodeUtf8 } from "./text.ts";
import { PyByteArray, PyBytes, PyDict, PyList, PyObject, PySet, PyTuple, type PyValue } from "./values.ts";

export type Instruction = (m: Machine) => void;

const table: Partial<Record<OpcodeName, Instruction>> = {
  MARK: (m) => m.mark(),
  POP: (m) => {
    // CPython: with nothing above the last mark, POP takes the mark away.
    if (m.stack.length === m.floor && m.marks.length > 0) m.marks.pop();
    else m.pop();
  },
  POP_MARK: (m) => void m.popMark(),
  DUP: (m) => m.push(m.top()),

  NONE: (m) => m.push(null),
  NEWTRUE: (m) => m.push(true),
  NEWFALSE: (m) => m.push(false),
  INT: (m) => {
    const line = m.line();
    const text = line.length <= 8 ? decodeLatin1(line) : "";
    if (text === "00" || text === "01") m.push(text === "01");
    else pushInteger(m, line);
  },
  LONG: (m) => {
    const line = m.line();
    pushInteger(m, line[line.length - 1] === 0x4c ? line.subarray(0, -1) : line);
  },
  BININT: (m) => pushSmall(m, m.view.getInt32(m.take(4), true)),
  BININT1: (m) => pushSmall(m, m.u8()),
  BININT2: (m) => pushSmall(m, m.u16()),
  LONG1: (m) => pushLong(m, m.u8()),
  LONG4: (m) => pushLong(m, m.view.getInt32(m.take(4), true)),
  FLOAT: (m) => {
    const value = parseFloatLine(m.line());
    if (value === undefined) throw m.malformed("FLOAT is not followed by a number");
    m.charge(cost.number);
    m.push(value);
  },
  BINFLOAT: (m) => {
    m.charge(cost.number);
    m.push(m.view.getFloat64(m.take(8), false));
  },

  // Python 2's str: kept as text, each byte one character, as scikit-learn users load such files (encoding="latin1").
  STRING: (m) => {
    const line = trimEnd(m.line());
    const quote = line[0];
    if (line.length < 2 || (quote !== 0x22 && quote !== 0x27) || line[line.length - 1] !== quote) throw m.malformed("STRING is not in quotes");
    pushText(m, line.length, () => decodeStringEscape(line.subarray(1, -1)));
  },
  BINSTRING: (m) => {
    const length = m.view.getInt32(m.take(4), true);
    if (length < 0) throw m.malformed("BINSTRING has a negative length");
    pushLatin1(m, length);
  },
  SHORT_BINSTRING: (m) => pushLatin1(m, m.u8()),
  UNICODE: (m) => {
    const line = m.line();
    pushText(m, line.length, () => decodeRawUnicodeEscape(line));
  },
  SHORT_BINUNICODE: (m) => pushUtf8(m, m.u8()),
  BINUNICODE: (m) => pushUtf8(m, m.u32()),
  BINUNICODE8: (m) => pushUtf8(m, m.u64()),
  SHORT_BINBYTES: (m) => pushBytes(m, m.u8()),
  BINBYTES: (m) => pushBytes(m, m.u32()),
  BINBYTES8: (m) => pushBytes(m, m.u64()),
  BYTEARRAY8: (m) => {
    m.charge(cost.bytes);
    m.push(new PyByteArray(viewOf(m, m.u64())));
  },

  EMPTY_LIST: (m) => pushList(m, []),
  LIST: (m) => pushList(m, m.popMark()),
  APPEND: (m) => {
    const value = m.pop();
    append(m, [value]);
  },
  APPENDS: (m) => {
    const items = m.popMark();
    append(m, items);
  },
  EMPTY_TUPLE: (m) => m.push(m.emptyTuple),
  TUPLE: (m) => pushTuple(m, m.popMark()),
  TUPLE1: (m) => pushTuple(m, [m.pop()]),
  TUPLE2: (m) => {
    const b = m.pop();
    pushTuple(m, [m.pop(), b]);
  },
  TUPLE3: (m) => {
    const c = m.pop();
    const b = m.pop();
    pushTuple(m, [m.pop(), b, c]);
  },
  EMPTY_DICT: (m) => pushDict(m, []),
  DICT: (m) => pushDict(m, m.popMark()),
  SETITEM: (m) => {
    const value = m.pop();
    const key = m.pop();
    setItems(m, [key, value]);
  },
  SETITEMS: (m) => {
    const items = m.popMark();
    setItems(m, items);
  },
  EMPTY_SET: (m) => {
    m.charge(cost.list);
    m.push(new PySet([], false));
  },
  ADDITEMS: (m) => {
    const items = m.popMark();
    const set = m.top();
    if (!(set instanceof PySet) || set.frozen) throw m.malformed("ADDITEMS needs a set");
    m.charge(items.length * cost.item);
    for (const item of items) set.items.push(item);
  },
  FROZENSET: (m) => {
    m.charge(cost.list);
    m.push(new PySet(m.popMark(), true));
  },

  GET: (m) => m.push(m.recall(memoIndex(m))),
  BINGET: (m) => m.push(m.recall(m.u8())),
  LONG_BINGET: (m) => m.push(m.recall(m.u32())),
  PUT: (m) => m.remember(memoIndex(m)),
  BINPUT: (m) => m.remember(m.u8()),
  LONG_BINPUT: (m) => m.remember(m.u32()),
  MEMOIZE: (m) => m.remember(m.memo.size),

  GLOBAL: (m) => {
    const module = lineText(m);
    pushGlobal(m, module, lineText(m));
  },
  STACK_GLOBAL: (m) => {
    const name = m.pop();
    const module = m.pop();
    if (typeof name !== "string" || typeof module !== "string") throw m.malformed("STACK_GLOBAL needs two strings");
    pushGlobal(m, module, name);
  },
  INST: (m) => {
    const module = lineText(m);
    const name = lineText(m);
    m.charge(cost.tuple);
    const args = new PyTuple(m.popMark());
    pushGlobal(m, module, name);
    m.push(call(m, m.pop(), "inst", args));
  },
  OBJ: (m) => {
    const items = m.popMark();
    const callable = items.shift();
    if (callable === undefined) throw m.malformed("OBJ needs a class");
    m.charge(cost.tuple);
    m.push(call(m, callable, "obj", new PyTuple(items)));
  },
  REDUCE: (m) => {
    const args = m.pop();
    if (!(args instanceof PyTuple)) throw m.malformed("REDUCE needs a tuple of arguments");
    m.push(call(m, m.pop(), "reduce", args));
  },
  NEWOBJ: (m) => {
    const args = m.pop();
    if (!(args instanceof PyTuple)) throw m.malformed("NEWOBJ needs a tuple of arguments");
    m.push(call(m, m.pop(), "newobj", args));
  },
  NEWOBJ_EX: (m) => {
    const kwargs = m.pop();
    const args = m.pop();
    if (!(args instanceof PyTuple) || !(kwargs instanceof PyDict)) throw m.malformed("NEWOBJ_EX needs a tuple and a dict of arguments");
    m.push(call(m, m.pop(), "newobj_ex", args, kwargs));
  },
  BUILD: (m) => {
    const state = m.pop();
    const target = m.pop();
    m.push(setState(m, target, state));
  },

  PROTO: (m) => {
    const protocol = m.u8();
    if (protocol > 5) {
      throw pickleError("pickle-protocol", `the file uses pickle protocol ${protocol}; 0 to 5 are known`, { where: `byte ${m.at}`, hint: "Save the model with pickle.dump(model, file, protocol=5)." });
    }
    m.declaredProtocol ??= protocol;
  },
  FRAME: (m) => {
    const length = m.u64();
    const left = m.bytes.length - m.position;
    if (length > left) throw m.truncated(`a frame of ${length} bytes is announced, but ${left} are left`);
    if (m.frameEnd > m.position) throw m.malformed("a frame begins inside another one");
    m.frameEnd = m.position + length;
    m.limit = m.frameEnd;
  },

  PERSID: (m) => refusePersistentId(m),
  BINPERSID: (m) => {
    const value = m.persistentId?.(m.pop());
    if (value === undefined) refusePersistentId(m);
    m.charge(cost.object);
    m.push(value);
  },
  EXT1: (m) => refuseExtension(m),
  EXT2: (m) => refuseExtension(m),
  EXT4: (m) => refuseExtension(m),
  NEXT_BUFFER: (m) => refuseBuffer(m),
  READONLY_BUFFER: (m) => refuseBuffer(m),
};

/** By code; undefined for bytes that are no instruction (STOP is the loop's own). */
export const instructions: readonly (Instruction | undefined)[] = (() => {
  const all = new Array<Instruction | undefined>(256).fill(undefined);
  for (const [name, instruction] of Object.entries(table)) all[opcodes[name as OpcodeName]] = instruction;
  return all;
})();

function pushSmall(m: Machine, value: number): void {
  m.charge(cost.integer);
  m.push(smallInteger(value));
}

function pushInteger(m: Machine, line: Uint8Array): void {
  if (line.length > m.limits.integer) overLimit("integer", line.length, m.limits, m.at);
  const value = parseIntegerLine(line);
  if (value === undefined) throw m.malformed("an integer instruction is not followed by an integer");
  m.charge(cost.integer + line.length);
  m.push(value);
}

function pushLong(m: Machine, length: number): void {
  if (length < 0) throw m.malformed("LONG4 has a negative length");
  if (length > m.limits.integer) overLimit("integer", length, m.limits, m.at);
  m.charge(cost.integer + length);
  m.push(readSignedBigInt(m.bytes, m.take(length), length));
}

function pushText(m: Machine, length: number, decode: () => string | undefined): void {
  if (length > m.limits.string) overLimit("string", length, m.limits, m.at);
  m.charge(cost.string + 2 * length);
  const text = decode();
  if (text === undefined) throw m.malformed("a string is not encoded as it should be");
  m.push(text);
}

function pushUtf8(m: Machine, length: number): void {
  const start = m.take(length);
  pushText(m, length, () => decodeUtf8(m.bytes, start, start + length));
}

function pushLatin1(m: Machine, length: number): void {
  const start = m.take(length);
  pushText(m, length, () => decodeLatin1(m.bytes.subarray(start, start + length)));
}

function viewOf(m: Machine, length: number): Uint8Array {
  const start = m.take(length);
  return m.bytes.subarray(start, start + length);
}

function pushBytes(m: Machine, length: number): void {
  m.charge(cost.bytes);
  m.push(new PyBytes(viewOf(m, length)));
}

function pushList(m: Machine, items: PyValue[]): void {
  m.charge(cost.list);
  m.push(new PyList(items));
}

function pushTuple(m: Machine, items: PyValue[]): void {
  m.charge(cost.tuple + items.length * cost.item);
  m.push(items.length === 0 ? m.emptyTuple : new PyTuple(items));
}

function pushDict(m: Machine, items: readonly PyValue[]): void {
  m.charge(cost.dict);
  const dict = new PyDict();
  fill(m, dict, items);
  m.push(dict);
}

function append(m: Machine, items: readonly PyValue[]): void {
  const target = m.top();
  m.charge(items.length * cost.item);
  let list: PyValue[];
  if (target instanceof PyList) list = target.items;
  else if (target instanceof PyObject) list = target.listItems ??= [];
  else throw m.malformed(`${opcodeName(m.bytes[m.at]!)} needs a list`);
  // An array makes room for more than its first item.
  if (list.length === 0) m.charge(cost.firstItem);
  for (const item of items) list.push(item);
}

function setItems(m: Machine, items: readonly PyValue[]): void {
  const target = m.top();
  let dict: PyDict;
  if (target instanceof PyDict) dict = target;
  else if (target instanceof PyObject) dict = target.dictItems ??= new PyDict();
  else throw m.malformed(`${opcodeName(m.bytes[m.at]!)} needs a dict`);
  fill(m, dict, items);
}

function fill(m: Machine, dict: PyDict, items: readonly PyValue[]): void {
  if (items.length % 2 !== 0) throw m.malformed("a dict has a key without a value");
  if (items.length === 0) return;
  m.charge((items.length / 2) * cost.entry + (dict.size === 0 ? cost.firstEntry : 0));
  for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!);
}

function memoIndex(m: Machine): number {
  const line = m.line();
  const text = line.length <= 12 ? decodeLatin1(trimEnd(line)) : "";
  if (!/^\d{1,10}$/.test(text)) throw m.malformed("a memo instruction is not followed by a number");
  return Number(text);
}

function lineText(m: Machine): string {
  const line = m.line();
  m.charge(cost.string + 2 * line.length);
  const text = decodeUtf8(line, 0, line.length);
  if (text === undefined) throw m.malformed("a name is not UTF-8");
  return text;
}

/** Protocols 0 to 2 use Python 2's names; Python 3 reads them so. */
const RENAMED: Readonly<Record<string, string>> = { long: "int", unicode: "str" };

function pushGlobal(m: Machine, module: string, name: string): void {
  const renamed = module === "__builtin__" && Object.hasOwn(RENAMED, name) ? RENAMED[name] : undefined;
  const { global, isNew } = m.globals.mention(renamed === undefined ? module : "builtins", renamed ?? name, m.at);
  if (isNew) m.charge(cost.object + cost.firstEntry);
  m.push(global);
}

function trimEnd(line: Uint8Array): Uint8Array {
  let end = line.length;
  while (end > 0 && (line[end - 1] === 0x0d || line[end - 1] === 0x20 || line[end - 1] === 0x09)) end--;
  return line.subarray(0, end);
}

function refusePersistentId(m: Machine): never {
  throw m.external(
    `the file refers to data kept outside the pickle (${opcodeName(m.bytes[m.at]!)})`,
    "PyTorch files do this: save a PyTorch model with torch.save or torch.onnx.export and hand that file in whole.",
  );
}

function refuseExtension(m: Machine): never {
  throw m.external(
    `the file uses Python's extension registry (${opcodeName(m.bytes[m.at]!)}), whose names are not in the file`,
    "Save the model again in a program that registers no copyreg extensions.",
  );
}

function refuseBuffer(m: Machine): never {
  throw m.external(
    `the file keeps its arrays in separate buffers (${opcodeName(m.bytes[m.at]!)})`,
    "Save the model without buffer_callback, so that its arrays are in the file.",
  );
}

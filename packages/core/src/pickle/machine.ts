// The inert pickle machine: a stack, a memo and a cursor over the file.
// Invariants: nothing from the file is ever called or looked up; there is no recursion (but for the one pickle that joblib
// nests in an object array); `limit` is the end of the current frame or of the file and no argument is read across it;
// `charge` is called before memory is taken.

import type { SlipwayError } from "../base/index.ts";
import { pickleError } from "./errors.ts";
import { GlobalTable } from "./globals.ts";
import { overLimit, type PickleLimits } from "./limits.ts";
import { Memo } from "./memo.ts";
import { cost } from "./cost.ts";
import { opcodeName } from "./opcodes.ts";
import { PyTuple, type PyValue } from "./values.ts";

export class Machine {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly limits: PickleLimits;
  readonly memo: Memo;
  readonly globals: GlobalTable;
  readonly stack: PyValue[] = [];
  readonly marks: number[] = [];
  readonly emptyTuple: PyTuple = new PyTuple([]);
  /** Where the next byte is read. */
  position: number;
  /** Where the instruction being carried out begins. */
  at: number;
  /** No argument may be read past this. */
  limit: number;
  /** End of the current frame, or -1. */
  frameEnd = -1;
  declaredProtocol: number | undefined;
  sawBinary = false;
  /** Shared with a nested machine. */
  readonly spent: { memory: number };
  readonly isNested: boolean;
  /** What a persistent id (BINPERSID) stands for; without it they are refused. */
  readonly persistentId: ((id: PyValue) => PyValue | undefined) | undefined;
  readonly #interpret: (machine: Machine) => PyValue;

  /** `interpret` runs the instructions (interpret.ts); the machine itself does not know them. */
  constructor(bytes: Uint8Array, limits: PickleLimits, interpret: (machine: Machine) => PyValue, start = 0, outer?: Machine, persistentId?: (id: PyValue) => PyValue | undefined) {
    this.#interpret = interpret;
    this.bytes = bytes;
    this.view = outer?.view ?? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.limits = limits;
    this.position = start;
    this.at = start;
    this.limit = bytes.length;
    this.isNested = outer !== undefined;
    this.persistentId = persistentId;
    this.globals = outer?.globals ?? new GlobalTable();
    this.spent = outer?.spent ?? { memory: 0 };
    this.memo = new Memo();
  }

  /** Reads a pickle that lies inside this one's bytes, with its own stack and memo and the same budget, and moves past it. */
  nested(): PyValue {
    const inner = new Machine(this.bytes, this.limits, this.#interpret, this.position, this);
    const value = this.#interpret(inner);
    this.position = inner.position;
    return value;
  }

  /** Moves past `count` bytes and returns where they begin. */
  take(count: number): number {
    const start = this.position;
    if (count > this.limit - start) {
      if (this.frameEnd >= 0 && count <= this.bytes.length - start) throw this.malformed("an instruction reaches past the end of its frame");
      throw this.truncated(`${opcodeName(this.bytes[this.at]!)} needs ${count} bytes, but ${this.limit - start} are left`);
    }
    this.position = start + count;
    return start;
  }

  u8(): number {
    return this.bytes[this.take(1)]!;
  }
  u16(): number {
    return this.view.getUint16(this.take(2), true);
  }
  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }
  /** An 8-byte length; anything past the file is refused by `take` afterwards. */
  u64(): number {
    return Number(this.view.getBigUint64(this.take(8), true));
  }

  /** The bytes up to the next line feed, which is passed but not included. */
  line(): Uint8Array {
    const start = this.position;
    const end = this.bytes.indexOf(10, start);
    if (end < 0 || end >= this.limit) throw this.truncated(`${opcodeName(this.bytes[this.at]!)} has no end of line`);
    if (end - start > this.limits.string) overLimit("string", end - start, this.limits, this.at);
    this.position = end + 1;
    return this.bytes.subarray(start, end);
  }

  push(value: PyValue): void {
    if (this.stack.length >= this.limits.stack) overLimit("stack", this.stack.length + 1, this.limits, this.at);
    this.stack.push(value);
  }

  /** The index below which nothing may be popped: the last mark. */
  get floor(): number {
    return this.marks.length === 0 ? 0 : this.marks[this.marks.length - 1]!;
  }

  pop(): PyValue {
    if (this.stack.length <= this.floor) throw this.malformed("the stack is empty");
    return this.stack.pop()!;
  }

  top(): PyValue {
    if (this.stack.length <= this.floor) throw this.malformed("the stack is empty");
    return this.stack[this.stack.length - 1]!;
  }

  mark(): void {
    if (this.marks.length >= this.limits.stack) overLimit("stack", this.marks.length + 1, this.limits, this.at);
    this.charge(cost.mark);
    this.marks.push(this.stack.length);
  }

  /** Everything above the last mark; the mark goes too. */
  popMark(): PyValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.malformed("there is no mark on the stack");
    this.charge((this.stack.length - mark) * cost.item);
    const items = this.stack.slice(mark);
    this.stack.length = mark;
    return items;
  }

  /** Accounts for memory that is about to be taken. */
  charge(bytes: number): void {
    this.spent.memory += bytes;
    if (this.spent.memory > this.limits.memory) overLimit("memory", this.spent.memory, this.limits, this.at);
  }

  remember(index: number): void {
    if (this.memo.size >= this.limits.memo) overLimit("memo", this.memo.size + 1, this.limits, this.at);
    this.memo.set(index, this.top());
  }

  recall(index: number): PyValue {
    const value = this.memo.get(index);
    if (value === undefined) throw this.malformed(`memo entry ${index} was never stored`);
    return value;
  }

  malformed(message: string): SlipwayError {
    return pickleError("pickle-malformed", message, { where: `byte ${this.at}`, hint: "Save the model again with pickle.dump or joblib.dump." });
  }

  truncated(message: string): SlipwayError {
    return pickleError("pickle-truncated", `the file is cut off: ${message}`, { where: `byte ${this.at}`, hint: "Copy or download the file again." });
  }

  external(message: string, hint: string): SlipwayError {
    return pickleError("pickle-external", message, { where: `byte ${this.at}`, hint });
  }
}

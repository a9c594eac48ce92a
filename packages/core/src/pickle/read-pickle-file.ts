// A saved model, from its bytes to inert values.

import { pickleError } from "./errors.ts";
import { assertPickle, unpack } from "./container.ts";
import { checkDepth } from "./depth.ts";
import type { GlobalUse, IndirectCall } from "./globals.ts";
import { interpret } from "./interpret.ts";
import { overLimit, withDefaults, type PickleLimits } from "./limits.ts";
import { Machine } from "./machine.ts";
import type { PyValue } from "./values.ts";

/** A name in the file. */
export interface PickleGlobal {
  /** `module.name`. */
  readonly name: string;
  readonly module: string;
  /** How often it is mentioned. */
  readonly count: number;
  /** Whether Python would have called it while loading (REDUCE, INST, OBJ). */
  readonly called: boolean;
  /** Whether instances were allocated without a call (NEWOBJ). */
  readonly allocated: boolean;
  /** Where it is first mentioned and, when called, where first; byte offsets in the decompressed pickle. */
  readonly offset: number;
  readonly calledAt: number | undefined;
  readonly allocatedAt: number | undefined;
}

export interface PickleFile {
  readonly value: PyValue;
  readonly protocol: number;
  /** "zlib", "gzip" ..., or null. */
  readonly compression: string | null;
  readonly globals: readonly PickleGlobal[];
  /** Calls of something that is not a name, such as the result of another call. */
  readonly indirectCalls: readonly IndirectCall[];
  /** Bytes after the pickle's end. Python ignores them. */
  readonly trailingBytes: number;
  /** Size of the pickle, decompressed. */
  readonly bytes: number;
}

export interface ReadOptions {
  readonly limits?: Partial<PickleLimits>;
  /** What a persistent id stands for, as data; undefined refuses the file, as every persistent id is without this. */
  readonly persistentId?: (id: PyValue) => PyValue | undefined;
}

/** Reads a pickle or joblib file, compressed or not, whatever it is called. Nothing in it runs. */
export function readPickleFile(file: Uint8Array, options: ReadOptions = {}): PickleFile {
  const limits = withDefaults(options.limits);
  if (file.length === 0) {
    throw pickleError("pickle-empty", "the file is empty (0 bytes)", { hint: "Save the model again and check that the copy or download finished." });
  }
  // A Node Buffer is a Uint8Array whose `slice` does not copy: a plain view keeps the readers' assumptions true.
  const { bytes, compression, trailing } = unpack(new Uint8Array(file.buffer, file.byteOffset, file.byteLength), limits);
  if (bytes.length > limits.bytes) overLimit("bytes", bytes.length, limits, 0);
  assertPickle(bytes);
  const machine = new Machine(bytes, limits, interpret, 0, undefined, options.persistentId);
  const value = interpret(machine);
  checkDepth(value, limits);
  return {
    value,
    protocol: machine.declaredProtocol ?? (machine.sawBinary ? 1 : 0),
    compression,
    globals: machine.globals.uses().map(describe),
    indirectCalls: machine.globals.indirectCalls,
    trailingBytes: bytes.length - machine.position + trailing,
    bytes: bytes.length,
  };
}

function describe(use: GlobalUse): PickleGlobal {
  return {
    name: use.global.qualifiedName,
    module: use.module,
    count: use.count,
    called: use.calledAt >= 0,
    allocated: use.allocatedAt >= 0,
    offset: use.offset,
    calledAt: use.calledAt >= 0 ? use.calledAt : undefined,
    allocatedAt: use.allocatedAt >= 0 ? use.allocatedAt : undefined,
  };
}

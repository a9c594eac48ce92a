// Files made to harm, and damaged ones: always a value or a coded error, at once and in little memory.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../base/testing.ts";
import {
  arrayValues, assertInert, children, columnNames, dangers, indexValues, NumpyArray, readDataFrame, readPickleFile, readSeries, SparseMatrix, sparseToDense, type PickleLimits, type PyValue,
} from "./index.ts";
import { toJson } from "./testing.ts";

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));


const read = (text: string, limits?: Partial<PickleLimits>): string => codeOf(() => readPickleFile(ascii(text), limits ? { limits } : {}));
const calls = (text: string): string[] => dangers(readPickleFile(ascii(text))).map((d) => `${d.kind} ${d.name} ${d.offset}`);

describe("files that call code", () => {
  it("reports a call of os.system through REDUCE, and compiling is refused", () => {
    const file = readPickleFile(ascii("cos\nsystem\n(S'id'\ntR."));
    expect(dangers(file)).toEqual([{ kind: "command", name: "os.system", what: "runs a command on the machine", offset: 19 }]);
    expect(codeOf(() => assertInert(file))).toBe("pickle-calls-code");
  });

  it("sees INST, OBJ, names built on the stack, Python 2 names and calls of results", () => {
    expect(calls("(S'id'\nios\nsystem\n.")).toEqual(["command os.system 7"]);
    expect(calls("(cos\nsystem\nS'id'\no.")).toEqual(["command os.system 18"]);
    expect(calls("\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.")).toEqual(["command posix.system 23"]);
    expect(calls("c__builtin__\neval\n(S'1'\ntR.")).toEqual(["code __builtin__.eval 25"]);
    expect(calls("c__builtin__\ngetattr\n(cos\npath\nS'system'\ntR(S'id'\ntR.")).toEqual([
      "code __builtin__.getattr 42", "indirect-call the result of __builtin__.getattr 51",
    ]);
  });

  it("sees a call whose result is thrown away (OBJ and POP)", () => {
    expect(calls("(cos\nsystem\nS'id'\no0N.")).toEqual(["command os.system 18"]);
  });

  it("is not fooled by a memo that renames, by dotted names or by libraries that run code", () => {
    expect(calls("\x80\x04\x8c\x05numpy\x94\x8c\x0ef2py.os.system\x940h\x00h\x01\x93)R.")).toEqual(["code numpy.f2py.os.system 34"]);
    expect(calls("csklearn.utils\nos.system\n)R.")).toHaveLength(1);
    expect(calls("cnumpy.testing._private.utils\nrunstring\n)R.")).toHaveLength(1);
    expect(calls("cpandas.io.pickle\nread_pickle\n)R.")).toHaveLength(1);
    for (const name of ["pandas\nHDFStore", "pandas\nExcelWriter", "numpy\nDataSource", "numpy\nload", "joblib\nMemory", "joblib\nload", "sklearn.datasets\nFetcher", "pyarrow\nOSFile"]) {
      expect(calls(`c${name}\n)R.`)).toHaveLength(1);
    }
    for (const name of ["pandas\nStringDtype", "pandas\nTimestamp", "sklearn.tree._tree\nTree", "_loss\n__pyx_unpickle_CyHalfSquaredError", "xgboost.core\nBooster", "sklearn.neighbors._kd_tree\nnewObj"]) {
      expect(calls(`c${name}\n)R.`)).toEqual([]);
    }
    expect(calls("cpkgutil\nresolve_name\n)R.")).toEqual(["code pkgutil.resolve_name 23"]);
  });

  it("takes dill's words for data only", () => {
    const dill = (call: string): string => `cdill._dill\n${call}R.`;
    const state = "(I1\n(I1\ntcnumpy\ndtype\n(S'u1'\ntRI00\nS'x'\nt";
    const make = "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\nt";
    expect(calls(dill("_load_type\n(S'slice'\nt"))).toEqual([]);
    expect(calls("cdill._dill\n_load_type\n(S'slice'\ntR(I1\ntR.")).toEqual([]);
    expect(calls("cdill._dill\n_load_type\n(S'CodeType'\ntR(I1\ntR.").join()).toContain("embedded-code dill._dill._load_type(CodeType)");
    expect(calls("cdill._dill\n_load_type\n(I1\ntR(I1\ntR.").join()).toContain("indirect-call dill._dill._load_type with unusual arguments");
    expect(calls(dill(`_create_array\n(${make}${state}Nt`))).toEqual([]);
    expect(toJson(readPickleFile(ascii(dill(`_create_array\n(${make}${state}Nt`))).value)).toEqual({ array: "|u1", shape: [1], values: [{ int: "120" }] });
    expect(calls(dill("_create_array\n(cos\nsystem\n(S'id'\ntNNt")).map((c) => c.replace(/ \d+$/, ""))).toEqual(["command os.system", "indirect-call dill._dill._create_array with unusual arguments"]);
    expect(calls(dill(`_create_array\n(${make}${state}(dS'x'\nI1\nst`)).join()).toContain("unusual arguments");
    expect(codeOf(() => readPickleFile(ascii(dill(`_create_array\n(${make}(I1\ntNt`))))).toBe("pickle-bad-array");
    for (const name of ["_create_function", "_create_code", "_import_module", "_get_attr", "_create_type", "_eval_repr"]) expect(calls(dill(`${name}\n(t`)).join(), name).toContain("embedded-code");
  });

  it("does not report an object of an unknown class that is only allocated", () => {
    expect(calls("\x80\x02cmy.module\nThing\n)\x81.")).toEqual([]);
    expect(calls("ccopy_reg\n_reconstructor\n(cmy.module\nThing\nc__builtin__\nobject\nNtR.")).toEqual([]);
    expect(calls("cmy.module\nmake\n)R.")).toEqual(["unknown-call my.module.make 17"]);
  });

  it("reports code objects that NEWOBJ alone makes", () => {
    expect(calls("\x80\x02ctypes\nCodeType\n)\x81.")).toEqual(["embedded-code types.CodeType 19"]);
  });

  it("allows the getattr with which Python saves time zones, and no other", () => {
    expect(calls("\x80\x04cbuiltins\ngetattr\n(czoneinfo\nZoneInfo\nX\x09\0\0\0_unpickletR(X\x03\0\0\0UTC\x88tR.")).toEqual([]);
    expect(calls("\x80\x04cbuiltins\ngetattr\n(czoneinfo\nZoneInfo\nX\x08\0\0\0no_cachetR.")).toHaveLength(1);
  });

  it("takes control characters out of the names it shows", () => {
    expect(calls("\x80\x04\x8c\x03a\x1b[\x8c\x01b\x93)R.")[0]).toContain("a\ufffd[.b");
  });
});

describe("files that want too much", () => {
  it("refuses a frame longer than the file", () => expect(read("\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.")).toBe("pickle-truncated"));
  it("refuses an argument across the end of its frame", () => expect(read("\x80\x04\x95\x02\0\0\0\0\0\0\0\x8c\x02ab.")).toBe("pickle-malformed"));
  it("refuses a frame inside a frame", () => expect(read("\x80\x04\x95\x0b\0\0\0\0\0\0\0\x95\x01\0\0\0\0\0\0\0NN.")).toBe("pickle-malformed"));
  it("refuses strings, bytes and integers longer than the file", () => {
    for (const op of ["\x8d", "\x8e", "\x96"]) expect(read(`\x80\x05${op}\xff\xff\xff\xff\xff\xff\xff\xff.`)).toBe("pickle-truncated");
    expect(read("X\xff\xff\xff\x7fab.")).toBe("pickle-truncated");
    expect(read("\x8b\xff\xff\xff\x7f.")).toBe("pickle-limit");
    expect(read("\x8b\xff\xff\xff\xff.")).toBe("pickle-malformed");
    expect(read(`L${"9".repeat(70_000)}L\n.`)).toBe("pickle-limit");
  });
  it("refuses deep nesting however it is built", () => {
    expect(read(`${"(".repeat(200_000)}${"t".repeat(200_000)}.`)).toBe("pickle-limit");
    expect(read(`)${"\x85".repeat(200_000)}.`)).toBe("pickle-limit");
    expect(read(`${"]".repeat(5_000)}${"a".repeat(4_999)}.`)).toBe("pickle-limit");
    expect(read(`${"]".repeat(900)}${"a".repeat(899)}.`)).toBe("no error");
  });
  it("keeps to limits that are lowered", () => {
    expect(read("]]]]aaa.", { depth: 2 })).toBe("pickle-limit");
    expect(read(`${"]0".repeat(100)}N.`, { memory: 1000 })).toBe("pickle-limit");
    expect(read("NNNN.", { stack: 3 })).toBe("pickle-limit");
    expect(read("Np0\np1\np2\n.", { memo: 2 })).toBe("pickle-limit");
    expect(read("\x8c\x05hello.", { string: 4 })).toBe("pickle-limit");
    expect(read("NNNN.", { bytes: 4 })).toBe("pickle-limit");
  });
  it("refuses more containers than there may be memory for", () => {
    for (const text of ["}", "]", "]Na", "}NNs", "N\x85", "M\xff\x7f", "\x8c\x01a", "C\x01a", "("]) {
      expect(read(`(${text.repeat(60_000)}`, { memory: 2 ** 20 })).toBe("pickle-limit");
    }
  });
  it("reads shared lists without expanding them, and lists that hold themselves", () => {
    const file = readPickleFile(ascii("]q\x00h\x00a."));
    expect(children(file.value)[0]).toBe(file.value);
  });
  it("does not expand tuples that are dict keys", () => {
    // t = (t, t), two hundred times, then {t: None}.
    const laughs = `\x80\x02N${"q\x00h\x00\x86".repeat(200)}q\x00}h\x00Ns.`;
    expect(read(laughs)).toBe("no error");
  });
});

describe("arrays that lie", () => {
  const dtype = (code: string): string => `cnumpy\ndtype\n(S'${code}'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb`;
  const array = (shape: string, code: string, data: string): string =>
    `cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(${shape}t${dtype(code)}I00\n${data}tb.`;
  it("reads an honest one", () => expect(toJson(readPickleFile(ascii(array("I2\n", "i2", "S'\\x01\\x00\\xff\\xff'\n"))).value)).toEqual({ array: "<i2", shape: [2], values: [{ int: "1" }, { int: "-1" }] }));
  it("refuses shapes that do not match the bytes", () => {
    for (const shape of ["I3\n", "I-2\n", "L99999999999999999999L\n", "I3037000500\nI3037000500\n", "I1073741824\nI1073741824\nI1073741824\n", "S'2'\n", "I0\nL9007199254740991L\n"]) {
      expect(read(array(shape, "i2", "S'\\x01\\x00\\xff\\xff'\n"))).toBe("pickle-bad-array");
    }
    expect(read(array("I1\n".repeat(65), "i1", "S'a'\n"))).toBe("pickle-bad-array");
    expect(read(array("L1000000000000L\n", "S0", "S''\n"))).toBe("pickle-bad-array");
  });
  it("refuses a dtype whose size is changed after it was used", () => {
    const text = `${dtype("i4")}p5\n0cnumpy.core.multiarray\nscalar\n(g5\nS'abcd'\ntR0g5\n(I3\nS'<'\nNNNI9999\nI-1\nI0\ntb.`;
    expect(read(text)).toBe("pickle-bad-array");
  });
  it("refuses fields outside their record and too many parts", () => {
    const record = (size: number, offset: number): string => `cnumpy\ndtype\n(S'V${size}'\nI0\nI1\ntR(I3\nS'|'\nN(S'a'\nt(dS'a'\n(${dtype("i4")}I${offset}\ntsI${size}\nI1\nI0\ntb.`;
    expect(read(record(8, 4))).toBe("no error");
    expect(read(record(8, 5))).toBe("pickle-bad-array");
    expect(read(record(8, -1))).toBe("pickle-bad-array");
  });
});

describe("things outside the file", () => {
  it("refuses persistent ids, extension codes and separate buffers", () => {
    for (const text of ["P1\n.", "NQ.", "\x82\x01.", "\x83\x01\x00.", "\x84\x01\0\0\0.", "\x97.", "N\x98."]) expect(read(text)).toBe("pickle-external");
  });
  it("refuses joblib's old arrays in other files", () => {
    expect(read("(ijoblib.numpy_pickle\nNDArrayWrapper\n(dS'filename'\nS'model_01.npy'\nsb.")).toBe("pickle-external");
    expect(read(`ZF0x3e8              ${"\0".repeat(40)}`)).toBe("pickle-external");
  });
});

describe("files that are something else", () => {
  it("says what they are", () => {
    expect(read("")).toBe("pickle-empty");
    for (const text of ["version https://git-lfs.github.com/spec/v1\noid x", "PK\x03\x04data.pkl", "<!DOCTYPE html><html>", "\x89HDF\r\n\x1a\n", "\x93NUMPY\x01\x00"]) {
      expect(read(text)).toBe("pickle-not-a-pickle");
    }
    expect(read("hello world")).toBe("pickle-malformed");
    expect(read("\x80\x06N.")).toBe("pickle-protocol");
  });
  it("refuses every byte that is no instruction, and instructions that lack their operands", () => {
    for (let code = 0; code < 256; code++) {
      expect(read(`\x80\x04${String.fromCharCode(code)}`)).toMatch(/^pickle-/);
      expect(read(`\x80\x04(${String.fromCharCode(code)}.`)).toMatch(/^pickle-|no error/);
    }
  });
});

/** Everything that a reader may do with a value, bounded by a visited set. */
function walk(root: PyValue): void {
  const seen = new Set<PyValue>();
  const todo: PyValue[] = [root];
  while (todo.length > 0) {
    const value = todo.pop()!;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    for (const child of children(value)) todo.push(child);
    if (value instanceof NumpyArray) codeOf(() => arrayValues(value));
    if (value instanceof SparseMatrix && value.shape[0] * value.shape[1] < 1e6) codeOf(() => sparseToDense(value));
    codeOf(() => [indexValues(value), columnNames(value), readDataFrame(value), readSeries(value)]);
  }
}

describe("damaged files", () => {
  interface Stored { readonly name: string; readonly how: string; readonly data: string }
  const stored = ["numpy1", "numpy2", "pyarrow"].flatMap((e) => JSON.parse(readFileSync(new URL(`../../../../corpus/pickle/values-${e}.json`, import.meta.url), "utf8")) as Stored[]);
  const files = stored.map((s) => new Uint8Array(inflateSync(Buffer.from(s.data, "base64")))).filter((b) => b.length < 40_000);
  const cases = new URL("../../../../corpus/cases/", import.meta.url);
  for (const folder of existsSync(cases) ? readdirSync(cases, { withFileTypes: true }) : []) {
    if (!folder.isDirectory()) continue;
    for (const name of readdirSync(new URL(`${folder.name}/`, cases))) {
      if (!/^model\.(pkl|joblib)/.test(name)) continue;
      const bytes = new Uint8Array(readFileSync(new URL(`${folder.name}/${name}`, cases)));
      if (bytes.length < 20_000) files.push(bytes);
    }
  }
  const runs = Number(process.env["SLIPWAY_FUZZ"] ?? 500);
  const interesting = ascii("().0123NRbQcioIJKLMUVXaedghjlpqrstu}]\x80\x81\x82\x85\x86\x87\x88\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\0\xff\x7f");
  const mutation = fc.record({
    kind: fc.constantFrom("set", "opcode", "cut", "remove", "insert", "copy"),
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    other: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    value: fc.integer({ min: 0, max: 255 }),
  });
  const mutate = (bytes: Uint8Array, m: { kind: string; at: number; other: number; value: number }): Uint8Array => {
    const at = Math.floor(m.at * bytes.length);
    const length = 1 + (m.value % 16);
    if (m.kind === "cut") return bytes.slice(0, at);
    if (m.kind === "remove") return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + length)]);
    const from = Math.floor(m.other * bytes.length);
    if (m.kind === "insert") return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(from, from + length), ...bytes.subarray(at)]);
    const changed = bytes.slice();
    if (m.kind === "copy") changed.set(bytes.subarray(from, Math.min(from + length, from + bytes.length - at)), at);
    else if (changed.length > 0) changed[at] = m.kind === "opcode" ? interesting[m.value % interesting.length]! : m.value;
    return changed;
  };

  it(`gives a value or a coded error for each of ${runs} mutated files`, { timeout: 100 + runs * 100 }, () => {
    fc.assert(fc.property(fc.nat(files.length - 1), fc.array(mutation, { minLength: 1, maxLength: 4 }), (index, mutations) => {
      const bytes = mutations.reduce(mutate, files[index]!);
      const started = performance.now();
      codeOf(() => {
        const file = readPickleFile(bytes);
        dangers(file);
        walk(file.value);
      });
      expect(performance.now() - started).toBeLessThan(2000);
    }), { numRuns: runs });
  });
});

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlipwayError } from "../../base/index.ts";
import { crc32, ZipArchive } from "../../formats/index.ts";
import { importModel } from "../index.ts";

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(fileURLToPath(new URL(`../../../../../corpus/cases/torch-${name}`, import.meta.url))));

/** A stored zip of these entries, with checksums that agree. */
function zip(entries: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, content] of entries) {
    const text = new TextEncoder().encode(name);
    const head = new DataView(new ArrayBuffer(30));
    const entry = new DataView(new ArrayBuffer(46));
    head.setUint32(0, 0x04034b50, true);
    entry.setUint32(0, 0x02014b50, true);
    for (const [view, from] of [[head, 14], [entry, 16]] as const) {
      view.setUint32(from, crc32(content, 0, content.length), true);
      view.setUint32(from + 4, content.length, true);
      view.setUint32(from + 8, content.length, true);
      view.setUint16(from + 12, text.length, true);
    }
    entry.setUint32(42, at, true);
    parts.push(new Uint8Array(head.buffer), text, content);
    directory.push(new Uint8Array(entry.buffer), text);
    at += 30 + text.length + content.length;
  }
  const size = directory.reduce((n, p) => n + p.length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, entries.length, true);
  end.setUint16(10, entries.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, at, true);
  return Uint8Array.from([...parts, ...directory, new Uint8Array(end.buffer)].flatMap((p) => [...p]));
}

describe("a damaged PyTorch archive", () => {
  for (const name of ["mlp-script/model.pt", "mlp-whole/model.pt", "mlp-export/model.pt2"]) {
    const archive = new ZipArchive(fixture(name));
    const entries = archive.names.map((n) => [n, archive.read(n)!] as const);
    const readable = entries.flatMap(([n], i) => (/\.(py|pkl|json)$/.test(n) ? [i] : []));
    it(`is refused with a code or compiled, whatever was changed in it (${name})`, { timeout: 3_600_000 }, () => {
      fc.assert(fc.property(fc.constantFrom(...readable), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }), (which, changes) => {
        const content = Uint8Array.from(entries[which]![1]);
        for (const [at, value] of changes) content[at % content.length] = value;
        try {
          importModel(zip(entries.map((e, i) => (i === which ? [e[0], content] : e))));
        } catch (error) {
          expect(error).toBeInstanceOf(SlipwayError);
        }
      }), { numRuns: Number(process.env["SLIPWAY_FUZZ"] ?? 150) });
    });
  }
});

describe("code of a TorchScript archive", () => {
  const archive = new ZipArchive(fixture("mlp-script/model.pt"));
  const withCode = (pattern: RegExp, change: (code: string) => string): Uint8Array =>
    zip(archive.names.map((n) => [n, pattern.test(n) ? new TextEncoder().encode(change(new TextDecoder().decode(archive.read(n)))) : archive.read(n)!]));
  const codeOf = (bytes: Uint8Array): string | undefined => {
    try {
      importModel(bytes);
      return undefined;
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error;
      return error.code;
    }
  };
  it("may not call itself without end", () => {
    expect(codeOf(withCode(/linear.*\.py$/, (c) => c.replace("return torch.linear(input, weight, bias)", "return (self).forward(input, )")))).toBe("torch-limit");
  });
  it("may not be nested without end", () => {
    expect(codeOf(withCode(/linear.*\.py$/, (c) => c.replace("torch.linear(input, weight, bias)", `${"(".repeat(50_000)}input${")".repeat(50_000)}`)))).toBe("torch-limit");
  });
  it("may not use operators that are not known", () => {
    expect(codeOf(withCode(/linear.*\.py$/, (c) => c.replace("torch.linear(input, weight, bias)", "torch.bernoulli(torch.linear(input, weight, bias))")))).toBe("torch-operator");
    expect(codeOf(withCode(/linear.*\.py$/, (c) => c.replace("torch.linear(input, weight, bias)", "ops.mine.linear(input, weight, bias)")))).toBe("torch-operator");
  });
  it("may not branch on what it is given", () => {
    expect(codeOf(withCode(/linear.*\.py$/, (c) => c.replace("    return torch.linear(input, weight, bias)", "    y = torch.linear(input, weight, bias)\n    if bool(torch.gt(torch.sum(y), 0)):\n      y = torch.neg(y)\n    else:\n      pass\n    return y")))).toBe("torch-control-flow");
  });
});

// Every kind of value in every protocol and container, as Python itself reads them (corpus/makers/pickle_values.py).

import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readPickleFile } from "./index.ts";
import { toJson } from "./testing.ts";

interface Case {
  readonly name: string;
  readonly how: string;
  readonly protocol: number | null;
  readonly compression: string | null;
  readonly data: string;
  readonly expected?: unknown;
}

for (const environment of ["numpy1", "numpy2", "pyarrow"]) {
  describe(`values written with ${environment}`, () => {
    const cases = JSON.parse(readFileSync(new URL(`../../../../corpus/pickle/values-${environment}.json`, import.meta.url), "utf8")) as Case[];
    const known = new Map<string, unknown>();
    for (const { name, how, protocol, compression, data, expected } of cases) {
      if (expected !== undefined) known.set(name, expected);
      const wanted = known.get(name);
      it(`reads ${name} in ${how}`, () => {
        const file = readPickleFile(inflateSync(Buffer.from(data, "base64")));
        expect(toJson(file.value)).toEqual(wanted);
        expect(file.trailingBytes).toBe(0);
        expect(file.compression).toBe(compression);
        if (protocol !== null) expect(file.protocol).toBe(protocol);
      });
    }
  });
}

import { describe, expect, it } from "vitest";
import { numpyFunction } from "./numpy-functions.ts";

describe("functions by their pickled names", () => {
  it("are found under the module of NumPy 1, of NumPy 2 and of scipy.special", () => {
    for (const module of ["numpy", "numpy.core._multiarray_umath", "numpy._core._multiarray_umath", "numpy.core.fromnumeric"]) {
      expect(numpyFunction(module, "log1p"), module).toBeDefined();
    }
    expect(numpyFunction("scipy.special._ufuncs", "expit")).toBeDefined();
  });
  it("are found nowhere else, whatever they are called", () => {
    expect(numpyFunction("__main__", "log1p")).toBeUndefined();
    expect(numpyFunction("numpyx", "log1p")).toBeUndefined();
    expect(numpyFunction("numpy.testing", "log1p")).toBeUndefined();
    expect(numpyFunction("numpy", "constructor")).toBeUndefined();
  });
});

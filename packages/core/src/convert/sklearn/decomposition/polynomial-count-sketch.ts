// PolynomialCountSketch (kernel_approximation.py): the count sketches of X, one for each power of the kernel, multiplied in
// the frequency domain. The Fourier transform of a sketch is linear in X, so that both together are one constant matrix.

import type { Value } from "../../../onnx/index.ts";
import { inputMatrix, numberedNames, shaped } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";

/** The inverse transform is a matrix of n_components squared. */
const MAX_COMPONENTS = 2048;

export const polynomialCountSketch: EstimatorConverter = defineEstimator({
  names: ["sklearn.PolynomialCountSketch"],
  convert(est, X, c) {
    const { o } = c;
    const C = est.int("n_components");
    if (C < 1 || C > MAX_COMPONENTS) throw c.refuse(est, `n_components=${C}`, `at most ${MAX_COMPONENTS} are compiled`);
    const degree = est.int("degree");
    const bias = est.number("coef0") !== 0;
    const F = X.width + (bias ? 1 : 0);
    return {
      kind: "transformer",
      transform: memo(() => {
        const places = shaped(est, c, [degree, F], "indexHash_").data;
        const signs = shaped(est, c, [degree, F], "bitHash_").data;
        let x = o.mul(inputMatrix(est, X, c), Math.sqrt(est.number("gamma")));
        if (bias) x = o.concat([x, o.add(o.mul(o.columns(x, [0]), 0), Math.sqrt(est.number("coef0")))]);
        const angle = (a: number, b: number): number => (2 * Math.PI * ((a * b) % C)) / C;
        const wave = (d: number, f: (angle: number) => number): Value => {
          const data = new Float64Array(F * C);
          for (let j = 0; j < F; j++) {
            const place = places[d * F + j]!;
            if (!Number.isInteger(place) || place < 0 || place >= C) throw c.malformed(est, `indexHash_ holds ${place}`);
            for (let k = 0; k < C; k++) data[j * C + k] = signs[d * F + j]! * f(angle(place, k));
          }
          return o.matmul(x, o.doubles(data, [F, C]));
        };
        let re: Value | undefined;
        let im: Value | undefined;
        for (let d = 0; d < degree; d++) {
          const [a, b] = [wave(d, Math.cos), wave(d, (t) => -Math.sin(t))];
          [re, im] = re && im ? [o.sub(o.mul(re, a), o.mul(im, b)), o.add(o.mul(re, b), o.mul(im, a))] : [a, b];
        }
        if (!re || !im) throw c.malformed(est, `degree is ${degree}`);
        const back = (f: (angle: number) => number): Value => o.doubles(Float64Array.from({ length: C * C }, (_, i) => f(angle(Math.floor(i / C), i % C)) / C), [C, C]);
        const value = o.sub(o.matmul(re, back(Math.cos)), o.matmul(im, back(Math.sin)));
        return c.mixed(value, c.checkArray(X, est), numberedNames(est, C));
      }),
    };
  },
});

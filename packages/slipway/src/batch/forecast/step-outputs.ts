// What a model says at each step of each series, gathered: rows in the order of the series, a row for each of its steps.

import { selectOutputs, type OutputData, type Prediction } from "../../runtime/index.ts";
import { FORECAST_COLUMN, type Output, type Signature } from "@slipway/core/package";

type Items = OutputData["data"];

export class StepOutputs {
  /** The model's: that of the forecast first, which is fed into the next steps whether it is written or not. */
  readonly asked: readonly string[];
  readonly #forecast: Output;
  /** In the order that they are written in. */
  readonly #written: readonly Output[];
  readonly #horizon: number;
  #gathered: { readonly of: OutputData; readonly data: Items }[] = [];

  /** `names`: of the model's outputs, or `forecast`; that alone by default. @throws SlipwayError output-unknown */
  constructor(signature: Signature, horizon: number, names: readonly string[] = [FORECAST_COLUMN]) {
    this.#forecast = signature.outputs.find((o) => o.kind === "value")!;
    this.#written = selectOutputs(signature, [...new Set(names.map((name) => (name === FORECAST_COLUMN ? this.#forecast.name : name)))]);
    this.asked = [...new Set([this.#forecast, ...this.#written])].map((o) => o.name);
    this.#horizon = horizon;
  }

  /** Of so many series. */
  begin(series: number): (rows: readonly number[], step: number, prediction: Prediction) => void {
    this.#gathered = [];
    return (rows, step, { outputs }) => {
      if (this.#gathered.length === 0) this.#gathered = this.#written.map((output) => this.#room(outputs[this.asked.indexOf(output.name)]!, series));
      for (const { of: { output, width }, data } of this.#gathered) {
        const found = outputs[this.asked.indexOf(output.name)]!.data;
        rows.forEach((row, i) => {
          const to = (row * this.#horizon + step) * width;
          for (let place = 0; place < width; place++) data[to + place] = found[i * width + place] as never;
        });
      }
    };
  }
  #room(of: OutputData, series: number): { readonly of: OutputData; readonly data: Items } {
    const count = series * this.#horizon * of.width;
    return { of, data: Array.isArray(of.data) ? new Array<string>(count) : new (of.data.constructor as new (n: number) => Float64Array)(count) };
  }

  /** Of these series. */
  of(series: readonly number[]): OutputData[] {
    return this.#gathered.map(({ of, data }) => {
      const each = this.#horizon * of.width;
      const picked = this.#room(of, series.length).data;
      series.forEach((row, i) => {
        for (let k = 0; k < each; k++) picked[i * each + k] = data[row * each + k] as never;
      });
      return { ...of, output: of.output.name === this.#forecast.name ? { ...of.output, name: FORECAST_COLUMN } : of.output, data: picked };
    });
  }
}

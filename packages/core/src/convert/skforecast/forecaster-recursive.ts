// ForecasterRecursive of skforecast 0.14 to 0.26 (skforecast/recursive/_forecaster_recursive.py): a regressor over the last values
// of one series, whose own columns are lag_1, lag_2 ... and what is known beforehand. It is compiled as that regressor; the
// package declares which lag each column is, so that a forecast over several steps makes them as the library does.

import { parseForecasting, parseFrequency, type Forecasting } from "../../package/index.ts";
import { PyDict, PyList, PyObject, type PyValue } from "../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter } from "../conversion/contract.ts";
import type { Conversion } from "../conversion/conversion.ts";
import { convertError } from "../conversion/errors.ts";
import type { Estimator } from "../conversion/estimator.ts";

/** What changes the columns or the answer; of none of them is there anything in what is compiled. */
const REFUSED: readonly (readonly [attribute: string, why: string])[] = [
  ["transformer_y", "lags and predictions would be of transformed values"],
  ["transformer_exog", "what is known beforehand would be transformed"],
  ["differentiation", "lags and predictions would be of differences"],
  ["window_features", "its windows are computed otherwise than pandas' rolling, in their last digits"],
  ["calendar_features", "they are encoded by the library"],
  ["categorical_features_names_in_", "categories are encoded by the library"],
];
const ADVICE = "Fit the regressor itself on a table of lags, made with pandas' shift and rolling, save that, and declare the columns: slipway pack MODEL --lags lags.json (docs/forecasting.md).";

export const forecasterRecursive: EstimatorConverter = defineEstimator({
  names: ["skforecast.ForecasterRecursive"],
  inputShape: (est) => ({ kind: "columns", names: [...lagNames(est).keys(), ...known(est)] }),
  convert(est, X, c: Conversion) {
    if (est.has("is_fitted") && !est.bool("is_fitted")) throw convertError("not-fitted", "ForecasterRecursive is not fitted: it was saved before fit was called", { where: est.path, hint: "Call fit on it, then save it again." });
    for (const [attribute, why] of REFUSED) {
      const value = est.raw(attribute);
      const none = value === undefined || value === null || (value instanceof PyList && value.items.length === 0);
      if (!none) throw c.refuse(est, attribute, why, ADVICE);
    }
    return c.convert(est.estimator("estimator", "regressor"), X);
  },
  forecast: declared,
});

/** Each is a column of the model. */
const MOST_LAGS = 10_000;

/** lag_1 -> 1 ..., in the model's order. */
function lagNames(est: Estimator): Map<string, number> {
  if (est.isNone("lags")) return new Map();
  const lags = est.ints("lags");
  if (lags.length > MOST_LAGS) throw convertError("unsupported-option", `ForecasterRecursive has ${lags.length} lags; at most ${MOST_LAGS} are compiled`, { where: est.path, hint: ADVICE });
  return new Map(Array.from(lags, (lag) => [`lag_${lag}`, Number(lag)]));
}
function known(est: Estimator): string[] {
  const names = est.raw("exog_names_in_");
  if (names === undefined || names === null) return [];
  if (!(names instanceof PyList) || !names.items.every((name) => typeof name === "string")) throw convertError("malformed-model", "exog_names_in_ is no list of names", { where: est.path });
  return names.items as string[];
}

/** undefined: the file does not tell the frequency, or tells it in a way that no declaration has. */
function declared(est: Estimator): Forecasting | undefined {
  const frequency = frequencyOf(est.raw("index_freq_"));
  if (frequency === undefined) return undefined;
  const target = est.raw("series_name_in_");
  const json = {
    target: typeof target === "string" && target !== "" ? target : "y", time: indexName(est.raw("training_range_")) ?? "time", frequency,
    lags: Object.fromEntries(lagNames(est)), future: known(est),
  };
  return parseForecasting(json, "", (message, where) => convertError("malformed-model", `ForecasterRecursive, ${where}: ${message}`, { where: est.path, hint: ADVICE }));
}

/** As _new_DatetimeIndex is called: the class, and a dict with the name. */
function indexName(index: PyValue | undefined): string | undefined {
  const given = index instanceof PyObject ? index.args.items[1] : undefined;
  const name = given instanceof PyDict ? given.get("name") : undefined;
  return typeof name === "string" && name !== "" ? name : undefined;
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
/** pandas' offsets: the alias, and what their third argument is. */
const OFFSETS: Readonly<Record<string, readonly [alias: string, anchors?: readonly string[], first?: number]>> = {
  Minute: ["min"], Hour: ["h"], Day: ["D"], BusinessDay: ["B"], MonthBegin: ["MS"], MonthEnd: ["ME"], Week: ["W", WEEKDAYS, 0],
  QuarterBegin: ["QS", MONTHS, 1], QuarterEnd: ["QE", MONTHS, 1], YearBegin: ["YS", MONTHS, 1], YearEnd: ["YE", MONTHS, 1],
};

/** MonthBegin(1, normalize=False) -> MS. */
function frequencyOf(offset: PyValue | undefined): string | undefined {
  const [, name] = offset instanceof PyObject ? (/^pandas\._libs\.tslibs\.offsets\.(\w+)$/.exec(offset.className) ?? []) : [];
  if (name === undefined || !Object.hasOwn(OFFSETS, name)) return undefined;
  const [alias, anchors, first = 0] = OFFSETS[name]!;
  const [n, normalize, third] = (offset as PyObject).args.items;
  if (typeof n !== "bigint" || n < 1n || normalize === true) return undefined;
  const anchor = anchors === undefined ? undefined : anchors[Number(third) - first];
  if (anchors !== undefined && anchor === undefined) return undefined;
  const text = `${n === 1n ? "" : n}${alias}${anchor === undefined ? "" : `-${anchor}`}`;
  return parseFrequency(text) === undefined ? undefined : text;
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlipwayError } from "../base/index.ts";
import { packageError } from "./errors.ts";
import { checkForecasting, describeForecasting, parseForecasting, reachOf } from "./forecasting.ts";
import { parseFrequency } from "./frequency.ts";
import { writeCard } from "./card.ts";
import { parseSignature, signatureToJson } from "./parse-signature.ts";
import { exampleColumn, exampleManifest } from "./testing.ts";
import type { Signature } from "./signature.ts";

const fail = (message: string, where: string): SlipwayError => packageError("package-lags", message, { where });
const parse = (json: unknown): ReturnType<typeof parseForecasting> => parseForecasting(json, "", fail);
const LAGS = {
  target: "units", time: "month", frequency: "MS", series: ["store"], lags: { last: 1, year: 12 }, rolling: { mean: { stat: "mean", window: 3 }, spread: { stat: "std", window: 6, shift: 12, min_periods: 2, ddof: 0 } }, calendar: { number: "month", weekday: "dayofweek" }, future: ["promotion"], static: ["size"],
};
const signature = (change: Partial<Signature> = {}): Signature => ({
  layout: "columns", extraColumns: "ignored", columns: ["store", "last", "year", "mean", "spread", "number", "weekday", "promotion", "size"].map((name) => exampleColumn(name, name === "store" ? { type: "string" } : {})),
  outputs: [{ name: "value", graphName: "value", kind: "value", type: "double", rowShape: [] }], ...change,
});

describe("parseForecasting", () => {
  it("fills in what pandas has by default", () => {
    expect(parse(LAGS)).toMatchObject({ gaps: "missing", short: "refused", rolling: { mean: { stat: "mean", window: 3, shift: 1, minPeriods: 3, ddof: 1 }, spread: { shift: 12, minPeriods: 2, ddof: 0 } }, calendar: { weekday: "day_of_week" } });
    expect(reachOf(parse(LAGS))).toBe(17);
  });
  it.each<[change: object, where: string, message: RegExp]>([
    [{ lag: { a: 1 } }, "lag", /did you mean "lags"/],
    [{ lags: { last: 0 } }, "lags.last", /from 1 to 100000/],
    [{ lags: { last: 1.5 } }, "lags.last", /number of periods/],
    [{ lags: { last: 1e9 } }, "lags.last", /100000/],
    [{ rolling: { mean: { stat: "average", window: 3 } } }, "rolling.mean.stat", /mean, sum/],
    [{ rolling: { mean: { stat: "mean", window: 3, minPeriods: 4 } } }, "rolling.mean.minPeriods", /4 values cannot be in a window of 3/],
    [{ rolling: { mean: { stat: "mean", windw: 3 } } }, "rolling.mean.windw", /did you mean "window"/],
    [{ calendar: { number: "moon" } }, "calendar.number", /no part of a date/],
    [{ frequency: "fortnight" }, "frequency", /15min, h, D/],
    [{ timezone: "Europe/Atlantis" }, "timezone", /no time zone/],
    [{ series: ["store", "store"] }, "series", /there twice/],
    [{ future: ["last"] }, "future", /in lags too/],
    [{ lags: { units: 1 } }, "lags", /in target too/],
    [{ series: ["step"] }, "series", /a column of the forecast's own/],
    [{ gaps: "linear" }, "gaps", /missing, zero, last, refused/],
    [{ target: 3 }, "target", /expected a text/],
  ])("refuses %o", (change, where, message) => {
    expect(() => parse({ ...LAGS, ...change })).toThrow(expect.objectContaining({ code: "package-lags", where, message: expect.stringMatching(message) as string }));
  });
  it("answers any value with a declaration or a coded error", () => {
    fc.assert(fc.property(fc.anything(), fc.constantFrom(...Object.keys(LAGS)), (value, key) => {
      for (const json of [value, { ...LAGS, [key]: value }]) {
        try {
          parse(json);
        } catch (error) {
          if (!(error instanceof SlipwayError)) throw error;
        }
      }
    }), { numRuns: 1000 });
  });
});

describe("checkForecasting", () => {
  it("takes a declaration of every column, and keeps it in the signature and on the card", () => {
    const forecast = parse(LAGS);
    expect(() => checkForecasting(forecast, signature(), "", fail)).not.toThrow();
    const kept = parseSignature(JSON.parse(JSON.stringify(signatureToJson(signature({ forecast })))));
    expect(kept.forecast).toEqual(forecast);
    expect(writeCard({ manifest: exampleManifest(), signature: kept })).toMatch(/## Forecasts[^]*\| spread \| std of 6 periods of units that end 12 before, of at least 2 values, ddof 0 \|/);
    expect(describeForecasting(forecast)).toHaveLength(11);
  });
  it.each<[what: string, lags: object, change: Partial<Signature>, message: RegExp]>([
    ["a column that is not told", { ...LAGS, future: [] }, {}, /not told what "promotion" is/],
    ["a column that the model has not", { ...LAGS, lags: { ...LAGS.lags, lst: 3 } }, {}, /no column "lst"; did you mean "last"/],
    ["a model of labels", LAGS, { outputs: [{ name: "label", graphName: "label", kind: "label", type: "string", rowShape: [] }] }, /predicts one number/],
    ["a model of several numbers", LAGS, { outputs: [{ name: "value", graphName: "value", kind: "value", type: "double", rowShape: [3] }] }, /predicts one number/],
    ["a model of texts", LAGS, { layout: "text" }, /no columns/],
    ["a lag that is a text", LAGS, { columns: signature().columns.map((c) => (c.name === "last" ? { ...c, type: "string" } : c)) }, /texts in "last"/],
    ["a month that is a text", LAGS, { columns: signature().columns.map((c) => (c.name === "number" ? { ...c, type: "string" } : c)) }, /texts in "number"/],
  ])("refuses %s", (_, lags, change, message) => {
    expect(() => checkForecasting(parse(lags), signature(change), "", fail)).toThrow(expect.objectContaining({ code: "package-lags", message: expect.stringMatching(message) as string }));
  });
  it("refuses it in a package's signature too", () => {
    const json = JSON.parse(JSON.stringify(signatureToJson(signature({ forecast: parse(LAGS) })))) as { forecast: { lags: object } };
    json.forecast.lags = {};
    expect(() => parseSignature(json)).toThrow(expect.objectContaining({ code: "package-signature", where: "signature.json: forecast" }));
  });
});

it("knows pandas' aliases, new and old, and words", () => {
  const same = (...texts: string[]): void => expect(new Set(texts.map((text) => JSON.stringify(parseFrequency(text)))).size, texts.join()).toBe(1);
  same("h", "H", "hour", "60min", "1h");
  same("D", "day", "1D");
  same("ME", "M");
  same("QE", "Q", "QE-DEC", "Q-DEC");
  same("YS", "AS", "YS-JAN");
  same("W", "W-SUN");
  expect(parseFrequency("15min")).toEqual({ kind: "fixed", seconds: 900, days: false });
  expect(parseFrequency("2W-MON")).toEqual({ kind: "fixed", seconds: 1_209_600, days: true, weekday: 0 });
  expect(parseFrequency("QS-FEB")).toEqual({ kind: "months", months: 3, day: "start", month: 1 });
  for (const none of ["", "0D", "D-MON", "W-FOO", "hour2", "constructor", "__proto__", "9999999D"]) expect(parseFrequency(none), none).toBeUndefined();
});

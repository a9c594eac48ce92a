import { describe, expect, it } from "vitest";
import { compilePickled } from "./compile.ts";
import { forecasterAdvice } from "./forecasters.ts";
import { PyDict, PyGlobal, PyList, PyObject, PyTuple } from "../pickle/index.ts";

const object = (module: string, name: string): PyObject => {
  const made = new PyObject(new PyGlobal(module, name), "newobj", new PyTuple([]));
  made.state = new PyDict();
  return made;
};

describe("a forecasting model that is not compiled", () => {
  it.each([["prophet.forecaster", "Prophet"], ["statsmodels.tsa.arima.model", "ARIMAResultsWrapper"], ["darts.models.forecasting.arima", "ARIMA"], ["sktime.forecasting.naive", "NaiveForecaster"], ["mlforecast.forecast", "MLForecast"]])("%s.%s is refused with what to do", (module, name) => {
    expect(() => compilePickled(object(module, name))).toThrow(expect.objectContaining({ code: "unsupported-estimator", message: expect.stringContaining(`${module}.${name} is a forecasting model`) as string, hint: expect.stringContaining("--lags lags.json") as string }));
  });
  it("is a forecaster of more lags than there can be columns, or of lags that are none", () => {
    const forecaster = (lags: PyList): PyObject => {
      const made = object("skforecast.recursive._forecaster_recursive", "ForecasterRecursive");
      made.attributes!.set("lags", lags);
      return made;
    };
    expect(() => compilePickled(forecaster(new PyList(Array.from({ length: 10_001 }, (_, i) => BigInt(i + 1)))))).toThrow(expect.objectContaining({ code: "unsupported-option", message: expect.stringContaining("10001 lags") as string }));
    expect(() => compilePickled(forecaster(new PyList(["x"])))).toThrow(expect.objectContaining({ code: "malformed-model" }));
  });
  it("is told by its library alone", () => {
    expect(forecasterAdvice("constructor")).toBeUndefined();
    expect(forecasterAdvice("sklearn.linear_model")).toBeUndefined();
  });
});

// Models of forecasting libraries, which are told by their modules: what to do with those that are not compiled.

const LAGS = "declare its columns with slipway pack MODEL --lags lags.json (docs/forecasting.md)";
const REGRESSOR = `Train a regressor of scikit-learn, LightGBM or XGBoost on a table of lags, made with pandas' shift and rolling, and ${LAGS}; or have Python run this one beside the server: slipway serve FILE --engine python.`;
const ADVICE: Readonly<Record<string, string>> = {
  skforecast: `Of skforecast ForecasterRecursive is compiled. ${REGRESSOR}`,
  mlforecast: `Save the regressor itself: joblib.dump(forecast.models_['NAME'], 'model.joblib'), and ${LAGS}.`,
  darts: `Save the regressor itself: joblib.dump(model.model, 'model.joblib') of a SKLearnModel (RegressionModel), and ${LAGS}. Others: ${REGRESSOR}`,
  sktime: `Save the regressor itself: joblib.dump(forecaster.estimator_, 'model.joblib') of a reduction forecaster, and ${LAGS}. Others: ${REGRESSOR}`,
  statsmodels: REGRESSOR, prophet: REGRESSOR, neuralprophet: REGRESSOR, pmdarima: REGRESSOR, statsforecast: REGRESSOR, neuralforecast: REGRESSOR, orbit: REGRESSOR, gluonts: REGRESSOR,
};

/** undefined: the module is of no forecasting library. */
export function forecasterAdvice(module: string): string | undefined {
  const root = module.split(".")[0]!;
  return Object.hasOwn(ADVICE, root) ? ADVICE[root] : undefined;
}

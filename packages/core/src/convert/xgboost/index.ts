export { xgboostConverters } from "./estimators.ts";

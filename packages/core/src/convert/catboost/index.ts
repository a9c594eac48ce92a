export { catboostConverters } from "./estimators.ts";

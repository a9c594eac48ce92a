export { lightgbmConverters } from "./estimators.ts";

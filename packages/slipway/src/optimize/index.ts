export { optimize, type Measured, type Optimized, type OptimizeOptions } from "./optimize.ts";

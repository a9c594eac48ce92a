export { keepOutputs, tidy } from "./exact.ts";
export { halveWeights } from "./half-weights.ts";
export { dynamicInt8 } from "./dynamic-int8.ts";
export { calibrationModel, staticInt8, type Ranges } from "./static-int8.ts";
export { weightsOf, type Weight } from "./weights.ts";
export { dropUnusedCategories } from "./unused-categories.ts";
export { dropUnusedColumns } from "./unused-columns.ts";
export { sharedValues, shareWeights } from "./shared-weights.ts";
export { dropZeroTrees } from "./zero-trees.ts";

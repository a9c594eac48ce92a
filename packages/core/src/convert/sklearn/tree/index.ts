import type { EstimatorConverter } from "../contract.ts";
import { decisionTreeClassifier, decisionTreeRegressor } from "./decision-tree.ts";

export const treeConverters: readonly EstimatorConverter[] = [
  decisionTreeClassifier, decisionTreeRegressor,
];

import type { EstimatorConverter } from "../../conversion/contract.ts";
import { decisionTreeClassifier, decisionTreeRegressor } from "./decision-tree.ts";

export const treeConverters: readonly EstimatorConverter[] = [
  decisionTreeClassifier, decisionTreeRegressor,
];

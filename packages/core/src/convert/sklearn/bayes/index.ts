import type { EstimatorConverter } from "../../conversion/contract.ts";
import { bernoulliNaiveBayes, categoricalNaiveBayes, gaussianNaiveBayes, multinomialNaiveBayes } from "./naive-bayes.ts";

export const bayesConverters: readonly EstimatorConverter[] = [
  gaussianNaiveBayes, multinomialNaiveBayes, bernoulliNaiveBayes, categoricalNaiveBayes,
];

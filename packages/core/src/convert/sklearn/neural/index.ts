import type { EstimatorConverter } from "../contract.ts";
import { multilayerPerceptronClassifier, multilayerPerceptronRegressor } from "./multilayer-perceptron.ts";

export const neuralConverters: readonly EstimatorConverter[] = [multilayerPerceptronClassifier, multilayerPerceptronRegressor];

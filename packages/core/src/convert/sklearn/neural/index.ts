import type { EstimatorConverter } from "../../conversion/contract.ts";
import { multilayerPerceptronClassifier, multilayerPerceptronRegressor } from "./multilayer-perceptron.ts";
import { bernoulliRestrictedBoltzmannMachine } from "./restricted-boltzmann-machine.ts";

export const neuralConverters: readonly EstimatorConverter[] = [multilayerPerceptronClassifier, multilayerPerceptronRegressor, bernoulliRestrictedBoltzmannMachine];

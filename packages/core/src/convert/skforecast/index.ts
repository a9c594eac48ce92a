import type { EstimatorConverter } from "../conversion/contract.ts";
import { forecasterRecursive } from "./forecaster-recursive.ts";

export const skforecastConverters: readonly EstimatorConverter[] = [forecasterRecursive];

export { runLambda } from "./lambda/loop.ts";
export { RuntimeApi } from "./lambda/runtime-api.ts";
export { lambdaError } from "./lambda/errors.ts";
export { LambdaEmulator, type InvocationResult } from "./lambda/emulator.ts";

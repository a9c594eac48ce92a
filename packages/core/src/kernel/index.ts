export { Kernel, openKernel, type KernelData, type KernelInput, type KernelOutput } from "./kernel.ts";
export { KERNEL_VERSION, type PlanOptions, type Refusal } from "./plan.ts";

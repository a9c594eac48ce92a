export const KERNELS: Readonly<Record<string, readonly string[]>> = {};

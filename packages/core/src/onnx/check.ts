import type { Model } from "./model.ts";

export function checkModel(_model: Model): void {}

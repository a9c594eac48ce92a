export { audioError } from "./errors.ts";
export { soundTensor, type AudioTensor } from "./features.ts";
export { resample } from "./resample.ts";
export { givenSound, isWav, readWav, type Sound } from "./wav.ts";

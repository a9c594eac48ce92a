export {
  bools, doubles, elementCount, floats, int64s, strings,
  type ElementType, type Tensor, type TensorDataMap,
} from "./tensor.ts";
export { halfToNumber, numberToHalf } from "./half.ts";

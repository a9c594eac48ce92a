export { MISSING_STRING, type Column, type ColumnType, type Output, type OutputKind, type Scalar, type Signature, type TextNormalization } from "./signature.ts";

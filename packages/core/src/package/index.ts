export { MISSING_STRING, type Column, type ColumnType, type Output, type OutputKind, type Scalar, type Signature } from "./signature.ts";

// Reading tables and pictures in bulk, for rooms that do: a door of its own, as a server that is asked in JSON needs none of it.

export { openArrow, readArrow, type ArrowTable } from "./arrow.ts";
export { messageOf } from "./arrow-framing.ts";
export { parquetCompressors } from "./parquet.ts";
export { plainValues, tableFailure, type Table } from "./table.ts";
export { maskPng } from "./mask-png.ts";
export { imageTensor } from "./image-tensor.ts";
export { imagesOfQuery } from "../protocols/shared/read-image.ts";
export { arrowTable } from "../protocols/shared/arrow-answer.ts";

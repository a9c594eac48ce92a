export { Best, type Scored } from "./best.ts";
export { exactSearch, product, unit, type Query, type Rows } from "./exact.ts";
export { HnswSearch } from "./hnsw.ts";

export { Catalogues, type CataloguesOptions } from "./catalogues.ts";
export { CatalogueStore } from "./catalogue-store.ts";
export { recommendProtocol } from "./protocol.ts";

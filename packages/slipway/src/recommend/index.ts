export { Catalogues, type CataloguesOptions } from "./catalogues.ts";
export { bulkRecommender, type CatalogueContents } from "./bulk.ts";
export { readCatalogue } from "./read-catalogue.ts";
export { CatalogueStore } from "./catalogue-store.ts";
export { recommendProtocol } from "./protocol.ts";

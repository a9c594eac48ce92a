// What was changed in catalogues, by model: an item's row holds everything that was said of it since, and the catalogue's
// version at the last change. What a package brings itself is not in here.

import type { Migration } from "../database/index.ts";

export const CATALOGUE_MIGRATIONS: readonly Migration[] = [
  {
    title: "catalogues: what was changed of models' items",
    statements: () => [
      "create table catalogues (model text primary key, version integer not null, cold text not null, changed_at text not null, changed_by text not null)",
      "create table catalogue_items (model text not null, id text not null, version integer not null, state text not null, primary key (model, id))",
      "create index catalogue_items_by_version on catalogue_items (model, version)",
    ],
  },
];

// How items are recommended (`POST /models/NAME/recommend`).

const settings = {
  store: { type: "text", flag: "catalogues", value: "PATH|URL", help: "where changes of items' catalogues are kept: a SQLite file, or postgres://... that several replicas share; in memory by default, and with slipway up in its database" },
  maxItems: { type: "count", flag: false, min: 1, max: 100_000_000, default: 1_000_000, help: "items that the catalogue of a model may hold beside those of its package" },
  interval: { type: "duration", flag: false, min: 0, max: 3_600_000, default: 500, value: "TIME", help: "how old a catalogue may be that an answer is made with" },
  search: { type: "choice", flag: "item-search", choices: ["exact", "hnsw"], default: "exact", value: "HOW", help: "exact compares every item; hnsw walks a graph of neighbours, for hundreds of thousands of items, and needs usearch (npm install usearch)" },
} as const;

export const RECOMMEND_SETTINGS: typeof settings = settings;

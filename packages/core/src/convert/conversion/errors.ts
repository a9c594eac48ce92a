import { defineErrors, type ErrorMaker } from "../../base/index.ts";

const table = {
  "not-a-model": { kind: "invalid", doc: "The file was read, but holds no model (a data frame, a list, a number ...). Save the fitted estimator itself." },
  "custom-class": { kind: "unsupported", doc: "A step is a class from someone's own script or an unknown package; its code is not in the file. Replace it by a scikit-learn step, or export that step differently." },
  "contains-code": { kind: "refused", doc: "The file carries Python code or a reference to a function (a lambda, a cloudpickle function). Slipway never runs code from a file. Use an estimator or a NumPy function instead." },
  "unsupported-estimator": { kind: "unsupported", doc: "The estimator is known but cannot be compiled. The message names it and, where there is one, the alternative." },
  "unsupported-option": { kind: "unsupported", doc: "The estimator can be compiled, but not with this option. The message names the option and its value." },
  "not-fitted": { kind: "invalid", doc: "The estimator was saved before it was fitted. Call fit, then save it again." },
  "malformed-model": { kind: "invalid", doc: "The file describes a model that cannot exist: a tree with a cycle, an index out of range, arrays whose shapes do not agree." },
  "column-conflict": { kind: "unsupported", doc: "One column is used as text by one step and as a number by another." },
  "given-inputs": { kind: "usage", doc: "The graph inputs that were asked for (names, types, shapes) cannot be what the model takes." },
  "join-mismatch": { kind: "invalid", doc: "What one step gives is not what the next takes: another number of columns, text in place of numbers, another shape. The message says both sides. Are the files of one training run, and in the order in which the notebook applied them?" },
  "join-not-a-transformer": { kind: "invalid", doc: "A file given with --preprocess does not transform the rows: it predicts only, or works on the labels." },
  "recommend-factors": { kind: "invalid", doc: "The file holds no users' and items' factors that Slipway knows: implicit's and surprise's models, or a dict or .npz with `user_factors` and `item_factors` (and `user_ids`, `item_ids`)." },
  "recommend-items": { kind: "invalid", doc: "The items (`--items`), their vectors (`--item-vectors`) and the model do not go together: another number of them, of another width, an id twice or none. The message says both sides." },
  "recommend-unsupported": { kind: "unsupported", doc: "The model, or this way to compare, cannot be packed as one that recommends. The message says why and what to do." },
  "join-unsupported": { kind: "unsupported", doc: "The model is of a kind that preprocessing cannot be joined to. The message says why and what to do." },
} as const;

export const convertError: ErrorMaker<typeof table> = defineErrors(table);

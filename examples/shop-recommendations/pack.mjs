// How the shop's models are packed, the first one and those that are trained later.
export const RECOMMEND = ["--recommend", "--items", "items.json", "--popularity", "views", "--k", "20"];

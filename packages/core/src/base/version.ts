// The version of Slipway, written into what it makes; the same in every package.json (version.test.ts).

export const VERSION = "0.1.0";

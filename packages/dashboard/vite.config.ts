// The dashboard as static files: hashed names, no script and no style inline, so that a strict Content-Security-Policy
// takes it. Pages beyond the first view are chunks of their own.

import { defineConfig, type UserConfig } from "vite";

const config: UserConfig = defineConfig({
  base: "/dashboard/",
  publicDir: false,
  resolve: { conditions: ["@slipway/source", "module", "browser"] },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false, cssCodeSplit: false,
  },
});
export default config;

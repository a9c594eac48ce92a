// For Capacitor (https://capacitorjs.com/docs/config): the page as the web assets of an app for Android and iOS, which has
// them on the device. No service worker: nothing is fetched.

import { toJsonBytes } from "@slipway/core/package";
import type { EdgePlan } from "./plan.ts";

const WEB = "www";
const CAPACITOR = "^8.0.0";

/** Moves the page's files under `www`; comes after every other file of it. */
export function addCapacitor({ files, package: { manifest: { name, version } } }: EdgePlan): void {
  const page = new Map(files);
  files.clear();
  for (const [path, bytes] of page) files.set(`${WEB}/${path}`, bytes);
  // Java's packages: letters, digits and dots; iOS takes the same.
  const word = name.toLowerCase().replace(/[^a-z0-9]+/g, "").replace(/^(?=\d|$)/, "model");
  files.set("capacitor.config.json", toJsonBytes({ appId: `dev.slipway.${word}`, appName: name, webDir: WEB }));
  files.set("package.json", toJsonBytes({ name: `${word}-app`, version, private: true, dependencies: { "@capacitor/android": CAPACITOR, "@capacitor/core": CAPACITOR, "@capacitor/ios": CAPACITOR }, devDependencies: { "@capacitor/cli": CAPACITOR } }));
}

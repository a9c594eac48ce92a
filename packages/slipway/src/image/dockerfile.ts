// The same image as something that `docker build` makes: a folder with the layers' tars and a Dockerfile that unpacks them.
// The files in the image are the same to the byte; its digest is not, since Docker writes its own tars and times.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuiltImage } from "./build-image.ts";
import { unpacked } from "./base-image.ts";
import { COMMAND, ENTRYPOINT, HEALTHCHECK, PORT } from "./image-config.ts";
import { USER } from "./host-base.ts";
import { platformText } from "./platform.ts";

/** @throws what writing throws */
export async function writeDockerContext(folder: string, image: BuiltImage): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const { base } = image;
  // Docker pulls a base from its registry; any other is among the files.
  const own = base.reference === undefined ? image.layers : image.layers.slice(base.layers.length);
  const names: string[] = [];
  for (const [i, layer] of own.entries()) {
    const name = `${String(i + 1).padStart(2, "0")}-${layer.comment.toLowerCase().replace(/[^a-z0-9.]+/g, "-").replace(/^-|-$/g, "").slice(0, 60)}.tar`;
    await writeFile(join(folder, name), await unpacked(layer, layer.comment));
    names.push(name);
  }
  const seconds = (ns: number): string => `${ns / 1e9}s`;
  const from = base.reference === undefined ? "scratch" : `${base.reference.replace(/@.*$/, "")}@${base.digest}`;
  const lines = [
    `# slipway image --dockerfile: docker build --platform ${platformText(image.platform)} -t NAME .`,
    `FROM --platform=${platformText(image.platform)} ${from}`,
    ...names.map((name) => `ADD ${name} /`),
    ...Object.entries(image.annotations).map(([name, value]) => `LABEL ${name}=${quoted(value)}`),
    ...["NODE_ENV=production", ...image.env].map((entry) => `ENV ${entry.slice(0, entry.indexOf("="))}=${quoted(entry.slice(entry.indexOf("=") + 1))}`),
    `USER ${USER}:${USER}`,
    `EXPOSE ${PORT}`,
    "WORKDIR /",
    "STOPSIGNAL SIGTERM",
    `HEALTHCHECK --interval=${seconds(HEALTHCHECK.Interval)} --timeout=${seconds(HEALTHCHECK.Timeout)} --start-period=${seconds(HEALTHCHECK.StartPeriod)} --retries=${HEALTHCHECK.Retries} ${JSON.stringify(HEALTHCHECK.Test)}`.replace('["CMD",', 'CMD ['),
    `ENTRYPOINT ${JSON.stringify(ENTRYPOINT)}`,
    `CMD ${JSON.stringify(COMMAND)}`,
  ];
  await writeFile(join(folder, "Dockerfile"), `${lines.join("\n")}\n`);
  return ["Dockerfile", ...names];
}

/** As Docker's parser unquotes it: `$` would name a variable. */
function quoted(text: string): string {
  return `"${text.replace(/["\\$]/g, "\\$&").replace(/[\r\n]+/g, " ")}"`;
}

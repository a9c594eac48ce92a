// Gives the folder `site`; nothing is computed here.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { servePage } from "../shared/web.ts";

const { values } = parseArgs({ options: { port: { type: "string", default: "8090" } } });
const page = await servePage(join(import.meta.dirname, "site"), Number(values.port), {});
console.log(`\nthe page: ${page.url}\n\nCtrl-C stops; the page goes on without it.`);

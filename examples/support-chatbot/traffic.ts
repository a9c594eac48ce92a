// A day's questions at once, to see what the monitor says of them.
//
//     node traffic.ts [--rows 600] [--drift]

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ask } from "../shared/service.ts";

const { values } = parseArgs({ options: { rows: { type: "string", default: "600" }, drift: { type: "boolean", default: false } } });
const known = readFileSync(join(import.meta.dirname, "questions.csv"), "utf8").trim().split("\n").slice(1).map((line) => line.slice(0, line.lastIndexOf(",")).replace(/^"|"$/g, ""));
const AROUND = ["{}", "{}?", "hi, {}", "please: {}", "hello, {} please"];
/** Something went wrong with the lamps' new firmware, which no document tells of. */
const NEW = ["since the update of yesterday my lamp does not connect to the wifi any more", "firmware 2.1 fails, the light is blinking red and the app says error 17", "the app does not find my lamp after the update, I restarted everything twice already", "how do I go back to the old firmware version, the new one does not work with my router"];

const pick = (list: readonly string[]): string => list[Math.floor(Math.random() * list.length)]!;
const questions = Array.from({ length: Number(values.rows) }, () => (values.drift && Math.random() < 0.4 ? pick(NEW) : pick(AROUND).replace("{}", pick(known))));
for (let at = 0; at < questions.length; at += 50) await ask("/models/intents/predict", questions.slice(at, at + 50));
console.log(`${questions.length} questions asked`);

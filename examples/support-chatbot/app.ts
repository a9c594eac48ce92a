// The chat beside the served models. A conversation is the page's own; nothing of it is kept here.
//
//     node app.ts [--port 8090]      with the service at SLIPWAY_URL

import { parseArgs } from "node:util";
import { ask, serviceUrl } from "../shared/service.ts";
import { Refusal, servePage } from "../shared/web.ts";
import { answer, topics } from "./answer.ts";

const LONGEST = 500;

const { values } = parseArgs({ options: { port: { type: "string", default: "8090" } } });
const page = await servePage(import.meta.dirname, Number(values.port), {
  "GET /state": () => ({ service: serviceUrl, topics }),
  "POST /ask": (body) => {
    const { text } = (body ?? {}) as { text?: unknown };
    if (typeof text !== "string" || text.trim() === "") throw new Refusal(400, "send a question as text");
    if (text.length > LONGEST) throw new Refusal(400, `ask in at most ${LONGEST} letters`);
    return answer(text);
  },
  // What the question was about, as the person who asked says: labels for the monitor, and for the next training.
  "POST /judge": (body) => {
    const { prediction, intent } = (body ?? {}) as { prediction?: unknown; intent?: unknown };
    if (typeof prediction !== "string" || typeof intent !== "string" || !topics.includes(intent)) throw new Refusal(400, "send the answer's prediction, and one of the topics");
    return ask("/feedback", { prediction_id: prediction, label: intent });
  },
});
console.log(`\nthe chat: ${page.url}\n\nCtrl-C stops.`);

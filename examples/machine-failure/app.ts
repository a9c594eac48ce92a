// The plant, the bridge and the control room. Readings come over NATS or MQTT where a broker is named, else over HTTP; alarms go to
// webhooks: the control room's own, and the one that is named.
//
//     node app.ts [--port 8090] [--broker nats://127.0.0.1:4222 | --broker mqtt://127.0.0.1:1883] [--alarm URL] [--drift] [--every 250]

import { parseArgs } from "node:util";
import { ask, serviceUrl } from "../shared/service.ts";
import { Refusal, servePage } from "../shared/web.ts";
import { startBridge, type Alarm } from "./bridge.ts";
import { FAULTS, makePlant, PUMPS, type Fault } from "./plant.ts";
import { connectStream, shownAddress } from "./stream.ts";

const { values } = parseArgs({ options: { port: { type: "string", default: "8090" }, broker: { type: "string" }, alarm: { type: "string" }, drift: { type: "boolean", default: false }, every: { type: "string", default: "250" } } });
const over = values.broker === undefined ? "HTTP" : shownAddress(values.broker);
const plant = makePlant(values.drift);
const alarms: Alarm[] = [];

const page = await servePage(import.meta.dirname, Number(values.port), {
  "GET /state": () => ({ service: serviceUrl, pumps: PUMPS, faults: FAULTS, drift: plant.drift, over, alarms, counts: bridge.counts }),
  "POST /drift": (body) => ({ drift: (plant.drift = (body as { on?: unknown } | null)?.on === true) }),
  "POST /fault": (body) => {
    const { machine, fault } = (body ?? {}) as { machine?: unknown; fault?: unknown };
    if (!PUMPS.includes(machine as never) || !FAULTS.includes(fault as never)) throw new Refusal(400, `send a machine of ${PUMPS.join(", ")} and a fault of ${FAULTS.join(", ")}`);
    plant.faults.set(machine as string, fault as Fault);
    return { machine, fault };
  },
  // Where sensors know HTTP only: one reading, or a list.
  "POST /readings": (body) => {
    for (const reading of Array.isArray(body) ? body : [body]) bridge.take(JSON.stringify(reading));
    return bridge.counts;
  },
  // The webhook's other end.
  "POST /alarms": (body) => {
    alarms.unshift(body as Alarm);
    alarms.splice(50);
    page.push({ alarm: body });
  },
});

const webhooks = [`${page.url}alarms`, ...(values.alarm === undefined ? [] : [values.alarm])];
const post = (url: string, body: unknown): void => void fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
  .then((r) => r.ok || console.error(`${url} answered ${r.status}`), (e: unknown) => console.error(`${url}: ${String(e)}`));
const bridge = startBridge((readings) => page.push({ readings }), (alarm) => webhooks.forEach((url) => post(url, alarm)));

if (values.broker === undefined) setInterval(() => post(`${page.url}readings`, plant.read()), Number(values.every));
else {
  const stream = await connectStream(values.broker, bridge.take);
  setInterval(() => plant.read().forEach((reading) => stream.publish(reading.machine, JSON.stringify(reading))), Number(values.every));
}
setInterval(() => void ask<{ models: { model: string; state: string; drifting: string[] }[] }>("/api/v1/monitor").then(({ models }) => page.push({ watch: models }), () => {}), 2000);
console.log(`\nthe control room: ${page.url} (readings over ${over})\n\nCtrl-C stops.`);

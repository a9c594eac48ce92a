// Readings out of a broker, and into it: NATS (nats://) or MQTT (mqtt://, mqtts://), by the address.

import { connectMqtt } from "./mqtt.ts";
import { connectNats } from "./nats.ts";

export interface Stream {
  publish(machine: string, text: string): void;
}

const SUBJECT = "plant.pumps";
const TOPIC = "plant/pumps";

export async function connectStream(url: string, take: (text: string) => void): Promise<Stream> {
  if (/^mqtts?:/.test(url)) {
    const mqtt = await connectMqtt(url, `${TOPIC}/+`, (topic, text) => take(withMachine(topic.slice(TOPIC.length + 1), text)));
    return { publish: (machine, text) => mqtt.publish(`${TOPIC}/${machine}`, text) };
  }
  const nats = await connectNats(url, SUBJECT, take);
  return { publish: (_, text) => nats.publish(SUBJECT, text) };
}

/** The topic says which machine it is, where the message does not. */
function withMachine(machine: string, text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? JSON.stringify({ machine, ...value }) : text;
  } catch {
    return text; // refused where readings are read
  }
}

/** Without what somebody signs in with. */
export function shownAddress(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

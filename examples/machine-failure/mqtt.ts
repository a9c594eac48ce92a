// Messages of an MQTT broker (3.1.1), by the package mqtt: at least once each, also those of a moment without a connection.

import { connectAsync } from "mqtt";

export interface Mqtt {
  publish(topic: string, text: string): void;
}

/** Calls `take` with every message on `topic`; connects again when the broker was away. Resolves when it is subscribed. */
export async function connectMqtt(url: string, topic: string, take: (topic: string, text: string) => void): Promise<Mqtt> {
  // A session of its own name: what comes while it is away waits for it at the broker.
  const client = await connectAsync(url, { clientId: `control-room-${process.pid}`, clean: false, reconnectPeriod: 1000 });
  client.on("message", (of, payload) => take(of, payload.toString("utf8")));
  client.on("error", (error) => console.error(`MQTT: ${error.message}`));
  await client.subscribeAsync(topic, { qos: 1 });
  return { publish: (to, text) => void client.publish(to, text, { qos: 1 }) };
}

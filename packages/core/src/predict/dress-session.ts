// A network that looks at pictures as a session whose answers are of use: what the signature says of its task is done here,
// the same on a server, in bulk and in a browser.

import type { Signature } from "../package/index.ts";
import { detectionSession } from "./detections.ts";
import { maskSession } from "./masks.ts";
import type { Session } from "./session.ts";

export function dressSession(network: Session, { task }: Signature): Session {
  if (task === undefined) return network;
  return task.kind === "segmentation" ? maskSession(network, task) : detectionSession(network, task);
}

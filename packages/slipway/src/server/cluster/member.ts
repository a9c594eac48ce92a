// One of the processes that serve together. It answers for all of them where a question is about the service: metrics are
// those of every process, and an act of administration is done by every process before it is answered.

import cluster from "node:cluster";
import type { App } from "../app.ts";
import { Call } from "../http/call.ts";
import { newId } from "../http/node-host.ts";
import { families } from "../telemetry/families.ts";
import type { Family } from "../telemetry/family.ts";
import type { Act, ToMember, ToPrimary } from "./messages.ts";

type Value = readonly Family[] | number;

export class Member {
  readonly #app: App;
  readonly #stop: (reason: string) => void;
  readonly #waiting = new Map<number, (values: readonly Value[]) => void>();
  #asked = 0;
  /** One after another, in the order in which they were done first. */
  #acts: Promise<unknown> = Promise.resolve();

  constructor(app: App, ports: { readonly port: number; readonly adminPort: number | undefined }, stop: (reason: string) => void) {
    this.#app = app;
    this.#stop = stop;
    cluster.worker!.on("message", (message: ToMember) => void this.#take(message));
    this.#send({ kind: "ready", ...ports });
  }

  /** The metrics of every process. */
  async families(): Promise<readonly (readonly Family[])[]> {
    return [families(this.#app.context), ...((await this.#ask({ kind: "families" })) as (readonly Family[])[])];
  }

  /** Has the others do what this process did; gives their statuses. */
  async repeat(call: Call): Promise<readonly number[]> {
    const headers = Object.fromEntries(Object.entries(call.headers).flatMap(([name, value]) => (typeof value === "string" && name.startsWith("content-") && name !== "content-encoding" ? [[name, value]] : [])));
    const { search } = call;
    return (await this.#ask({ kind: "act", act: { method: call.method, url: search === "" ? call.path : `${call.path}?${search}`, headers, body: call.body, who: call.principal?.id ?? "unknown" } })) as number[];
  }

  #ask(what: Extract<ToPrimary, { kind: "ask" }>["what"]): Promise<readonly Value[]> {
    const id = ++this.#asked;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#send({ kind: "ask", id, what });
    });
  }

  #send(message: ToPrimary): void {
    cluster.worker!.send(message, undefined, () => undefined);
  }

  async #take(message: ToMember): Promise<void> {
    switch (message.kind) {
      case "stop": return this.#stop(message.reason);
      case "families": return this.#send({ kind: "answer", id: message.id, value: families(this.#app.context) });
      case "act": {
        const done = this.#acts.then(() => this.#act(message.act));
        this.#acts = done;
        return this.#send({ kind: "answer", id: message.id, value: await done });
      }
      case "answers": {
        this.#waiting.get(message.id)?.(message.values);
        this.#waiting.delete(message.id);
      }
    }
  }

  async #act({ method, url, headers, body, who }: Act): Promise<number> {
    const call = new Call({ id: newId(), method, url, headers, adminPort: true, repeats: who });
    const answer = await this.#app.handle(call, () => Buffer.from(body.buffer, body.byteOffset, body.byteLength));
    const status = answer.status ?? 200;
    this.#app.finished(call, status);
    return status;
  }
}

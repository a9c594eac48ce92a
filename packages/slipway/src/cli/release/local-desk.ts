// The registry of this folder or of the environment, opened with its policies.

import { approvalError, addPersonKey, type RequestDetails } from "../../approvals/index.ts";
import type { Actor } from "../../audit/index.ts";
import { decide, type RegistryService } from "../../registry-api/index.ts";
import type { Acting } from "../registry/acting.ts";
import { openService } from "../registry/with-registry.ts";
import type { GivenDecision, ReleaseDesk, Subject } from "./desk.ts";

export async function openLocalDesk(person: Pick<Acting, "actor" | "credential">): Promise<ReleaseDesk> {
  return new LocalDesk(await openService(false), person.actor, person.credential);
}

class LocalDesk implements ReleaseDesk {
  readonly #service: RegistryService;
  readonly #actor: Actor;
  readonly #credential: string;

  constructor(service: RegistryService, actor: Actor, credential: string) {
    this.#service = service;
    this.#actor = actor;
    this.#credential = credential;
  }
  person(): Promise<string> {
    return Promise.resolve(this.#actor.name);
  }
  async ask(subject: Subject, comment: string): Promise<RequestDetails> {
    await this.#service.registry.model(subject.model);
    return this.#service.approvals.get((await this.#service.approvals.open({ ...subject, comment, actor: this.#actor })).id);
  }
  async find({ model, version, alias }: Subject): Promise<RequestDetails> {
    const { approvals } = this.#service;
    const all = (await approvals.ofVersion(model, version)).filter((r) => r.alias === alias);
    const found = all.find((r) => r.state === "open") ?? all[0];
    if (found === undefined) throw approvalError("request-unknown", `nobody has asked that ${alias} name ${model}:${version}`, { hint: `slipway request ${model}:${version} --alias ${alias}` });
    return approvals.get(found.id);
  }
  async decide(id: string, { decision, as, comment, envelope }: GivenDecision): Promise<RequestDetails> {
    return decide(this.#service, id, { decision, as, comment, actor: this.#actor, credential: this.#credential, ...(envelope === undefined ? {} : { envelope }) });
  }
  async register(pem: string): Promise<void> {
    await addPersonKey(this.#service.registry.database, this.#actor, pem);
  }
  async promote(request: RequestDetails, expected: number | null | undefined, override: string | undefined): Promise<RequestDetails> {
    const { registry, approvals } = this.#service;
    const move = (): Promise<unknown> => registry.setAlias(request.model, request.alias, request.version, { actor: this.#actor, expected: expected === undefined ? request.from : expected });
    await (override === undefined ? move() : approvals.override(override, move));
    return approvals.get(request.id);
  }
  async close(): Promise<void> {
    await this.#service.close();
    await this.#service.registry.close();
  }
}

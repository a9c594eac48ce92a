// Requests to let an alias name a version, and the guard that lets it happen. Every act is one transaction with its row of
// the audit log. The guard runs inside the transaction that moves the alias: transactions that write come one after the
// other, so a rejection either stands before it, and stops it, or comes after it, and finds the request promoted.

import { AsyncLocalStorage } from "node:async_hooks";
import type { SigningKey } from "@slipway/core/signing";
import { appendAudit, type Actor } from "../audit/index.ts";
import { migrate, newId, type Database, type Value } from "../database/index.ts";
import { decisionsOf, keepDecision, signedDecision, type GivenDecision } from "./decisions.ts";
import { approvalError } from "./errors.ts";
import { gateOf, isSigned, versionFacts, type VerifySignature, type VersionFacts } from "./evidence.ts";
import { samePerson } from "./person.ts";
import { addServerKey } from "./person-keys.ts";
import { evaluatePolicy, policyFor, type Missing, type Policy, type Verdict } from "./policy.ts";
import { REQUEST_COLUMNS, requestOf, type Comment, type Decision, type ReleaseRequest, type RequestDetails, type RequestState } from "./request.ts";
import { APPROVAL_MIGRATIONS } from "./tables.ts";

export interface ApprovalOptions {
  readonly database: Database;
  readonly policies: readonly Policy[];
  /** Signs decisions of people who signed in and use no key of their own; asked for when the first one comes. */
  readonly serverKey: () => Promise<SigningKey>;
  readonly serverName?: string;
  /** Without it no package counts as signed. */
  readonly verifySignature?: VerifySignature | undefined;
  /** Told in the transaction of each decision, for what must be kept with it. */
  readonly onDecision?: ((made: MadeDecision, tx: Database) => Promise<void>) | undefined;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}
export interface MadeDecision {
  readonly id: string;
  readonly request: ReleaseRequest;
  readonly decision: "approve" | "reject";
  readonly as: string | null;
  /** As it is kept. */
  readonly envelope: string;
  readonly actor: Pick<Actor, "name" | "how">;
}
/** A move of an alias that is about to happen. */
export interface AliasChange {
  readonly model: string;
  readonly alias: string;
  /** What it names now; null where it is new. */
  readonly from: number | null;
  /** What it is to name; null where it is to be removed. */
  readonly to: number | null;
  readonly actor: Actor;
}
export interface Standing {
  /** The last request for it was rejected. */
  readonly rejected: boolean;
  readonly policy: Policy | undefined;
  /** The open request. */
  readonly request: ReleaseRequest | undefined;
  readonly verdict: Verdict;
  /** The policy is not met, and lets the version come back because it was promoted before. */
  readonly cameBefore: boolean;
}
export interface RequestQuery {
  readonly state?: RequestState | undefined;
  readonly model?: string | undefined;
  /** Requests older than the one with this id. */
  readonly after?: string | undefined;
  /** 1 to 200; 50 by default. */
  readonly limit?: number | undefined;
}

const MAX_TEXT = 10_000;
const MAX_COMMENTS = 1000;
const MIN_REASON = 10;
const ALIAS = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;
/** The registry's own name for the newest version. */
const LATEST = "latest";
const EXPIRER: Actor = { name: "slipway", roles: [], groups: [], how: "local" };

export class Approvals {
  readonly database: Database;
  readonly policies: readonly Policy[];
  readonly #options: ApprovalOptions;
  readonly #now: () => number;
  readonly #verify: VerifySignature;
  /** Why an administrator moves an alias past its policy. */
  readonly #override = new AsyncLocalStorage<string>();

  private constructor(options: ApprovalOptions) {
    this.database = options.database;
    this.policies = options.policies;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#verify = options.verifySignature ?? (() => Promise.resolve(false));
  }

  /** The registry's own tables are there already. */
  static async open(options: ApprovalOptions): Promise<Approvals> {
    await migrate(options.database, "approvals", APPROVAL_MIGRATIONS);
    return new Approvals(options);
  }

  policyFor(model: string, alias: string): Policy | undefined {
    return policyFor(this.policies, model, alias);
  }

  /** @throws version-unknown, request-open, decision-invalid */
  async open(given: { readonly model: string; readonly version: number; readonly alias: string; readonly comment?: string | undefined; readonly actor: Actor }): Promise<ReleaseRequest> {
    const { model, version, alias, actor } = given;
    if (!ALIAS.test(alias) || alias === LATEST) throw approvalError("decision-invalid", `${JSON.stringify(alias.slice(0, 100))} cannot be an alias that is set`, { where: "alias", hint: alias === LATEST ? "It always is the newest version." : "Letters, digits, '.', '_' and '-', beginning with a letter: production, staging." });
    const comment = text(given.comment ?? "", "comment");
    await this.expireDue();
    const policy = this.policyFor(model, alias);
    return this.database.transaction(async (tx) => {
      const facts = await this.#version(tx, model, version);
      const [open] = await tx.query<{ id: string }>("select id from requests where model = $1 and alias = $2 and version = $3 and state = 'open'", [model, alias, version]);
      if (open !== undefined) throw approvalError("request-open", `${model}:${version} is asked for as ${alias} already`, { data: { request: open.id } });
      const from = await aliasVersion(tx, model, alias);
      if (from === version) throw approvalError("request-closed", `${alias} names ${model}:${version} already`);
      const now = this.#now();
      const id = newId();
      const expires = iso(now + (policy?.expires ?? 14 * 86_400_000));
      const [row] = await tx.query(`insert into requests (id, model, version, digest, alias, state, requested_by, comment, from_version, created_at, expires_at) values ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9, $10) returning ${REQUEST_COLUMNS}`, [
        id, model, version, facts.digest, alias, actor.name, comment, from, iso(now), expires]);
      await appendAudit(tx, { actor, action: "request.opened", model, version, detail: { request: id, alias, digest: facts.digest, from, expires, ...(comment === "" ? {} : { comment }) } });
      return requestOf(row!);
    });
  }

  /** The latest first. */
  async list({ state, model, after, limit = 50 }: RequestQuery = {}): Promise<ReleaseRequest[]> {
    await this.expireDue();
    const parameters: Value[] = [Math.min(Math.max(limit, 1), 200)];
    const conditions = ([["state =", state], ["model =", model], ["id <", after]] as const).flatMap(([condition, value]) => (value === undefined ? [] : [`${condition} $${parameters.push(value)}`]));
    const where = conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`;
    return (await this.database.query(`select ${REQUEST_COLUMNS} from requests ${where} order by id desc limit $1`, parameters)).map(requestOf);
  }

  async ofVersion(model: string, version: number): Promise<ReleaseRequest[]> {
    return (await this.database.query(`select ${REQUEST_COLUMNS} from requests where model = $1 and version = $2 order by id desc limit 100`, [model, version])).map(requestOf);
  }

  /** @throws request-unknown */
  async get(id: string): Promise<RequestDetails> {
    await this.expireDue();
    const request = await this.#request(this.database, id);
    const decisions = await decisionsOf(this.database, request);
    const policy = this.policyFor(request.model, request.alias);
    const comments = await this.database.query<{ id: string; author: string; body: string; created_at: string; imported_by: string | null }>("select id, author, body, created_at, imported_by from comments where request = $1 order by id", [id]);
    return {
      ...request, decisions, policy: policy === undefined ? null : withoutName(policy), verdict: await this.#verdict(this.database, request, decisions),
      comments: comments.map((c) => ({ id: c.id, author: c.author, text: c.body, time: c.created_at, importedBy: c.imported_by })),
    };
  }

  /**
   * Approves or rejects. A rejection closes the request.
   * @throws request-unknown, request-closed, decision-repeated, decision-by-author, group-foreign, envelope-foreign, and what parsing an envelope throws
   */
  async decide(id: string, given: Omit<GivenDecision, "as" | "comment"> & { readonly as?: string | null | undefined; readonly comment?: string | null | undefined }): Promise<ReleaseRequest> {
    await this.expireDue();
    const { decision, actor } = given;
    const comment = given.comment == null ? null : text(given.comment, "comment");
    const as = given.as ?? null;
    if (as !== null && !actor.groups.includes(as)) throw approvalError("group-foreign", `${actor.name} does not speak for ${JSON.stringify(as.slice(0, 100))}`, { hint: actor.groups.length === 0 ? "Their key or token names no group." : `Their groups: ${actor.groups.join(", ")}.` });
    const request = await this.#request(this.database, id);
    const complete: GivenDecision = { ...given, as, comment };
    const now = this.#now();
    const signed = await signedDecision(this.database, request, complete, () => this.#serverKey(), now);
    return this.database.transaction(async (tx) => {
      const current = await this.#open(tx, id);
      const earlier = (await decisionsOf(tx, current)).filter((d) => samePerson(d.person, actor.name)).at(-1);
      if (decision === "approve") {
        if (earlier?.decision === "approve" && earlier.counts) throw approvalError("decision-repeated", `${actor.name} has approved this request already`, { data: { decision: earlier.id } });
        const policy = this.policyFor(current.model, current.alias);
        const { author } = await this.#version(tx, current.model, current.version);
        if (policy?.author === false && samePerson(author, actor.name)) throw approvalError("decision-by-author", `${actor.name} offered ${current.model}:${current.version}, and the policy of ${current.alias} asks for others`, { hint: "Somebody else has to approve it. `author: true` in the policy would let who offered it count." });
      }
      // Removed in the meantime, it must not sign any more.
      const [key] = await tx.query<{ removed_at: string | null }>("select removed_at from person_keys where id = $1", [signed.key]);
      if (key === undefined || key.removed_at !== null) throw approvalError("envelope-foreign", `the key ${signed.key.slice(0, 16)} was removed`, { hint: given.envelope === undefined ? "It was this server's own. Whoever runs it takes the file server-key.pem away; the next decision makes a new key." : "Register another key, and sign with that." });
      const decisionId = newId();
      await keepDecision(tx, decisionId, current, complete, signed, iso(now));
      await appendAudit(tx, {
        actor, action: decision === "approve" ? "request.approved" : "request.rejected", model: current.model, version: current.version,
        detail: { request: id, decision: decisionId, alias: current.alias, digest: current.digest, as, ...(comment === null ? {} : { comment }), key: signed.key, signedBy: given.envelope === undefined ? "server" : "person", envelope: signed.envelope },
      });
      await this.#options.onDecision?.({ id: decisionId, request: current, decision, as, envelope: JSON.stringify(signed.envelope), actor }, tx);
      return decision === "reject" ? this.#close(tx, id, "rejected", actor, now) : current;
    });
  }

  /** Also of a closed request. @throws request-unknown, decision-invalid */
  async comment(id: string, given: unknown, actor: Actor): Promise<Comment> {
    const body = text(given, "text");
    if (body.trim() === "") throw approvalError("decision-invalid", "a comment is not empty", { where: "text" });
    return this.database.transaction(async (tx) => {
      const request = await this.#request(tx, id);
      const [{ n }] = (await tx.query<{ n: number }>("select count(*) as n from comments where request = $1", [id])) as [{ n: number }];
      if (Number(n) >= MAX_COMMENTS) throw approvalError("decision-invalid", `a request has at most ${MAX_COMMENTS} comments`);
      const now = this.#now();
      const comment: Comment = { id: newId(), author: actor.name, text: body, time: iso(now), importedBy: null };
      await tx.query("insert into comments (id, request, author, body, created_at) values ($1, $2, $3, $4, $5)", [comment.id, id, comment.author, body, comment.time]);
      await appendAudit(tx, { actor, action: "request.commented", model: request.model, version: request.version, detail: { request: id, comment: comment.id, text: body } });
      return comment;
    });
  }

  /** @throws request-unknown, request-closed, not-yours */
  withdraw(id: string, actor: Actor): Promise<ReleaseRequest> {
    return this.database.transaction(async (tx) => {
      const request = await this.#open(tx, id);
      if (!samePerson(request.requestedBy, actor.name) && !actor.roles.includes("admin")) throw approvalError("not-yours", `${request.requestedBy} opened the request`);
      await appendAudit(tx, { actor, action: "request.withdrawn", model: request.model, version: request.version, detail: { request: id, alias: request.alias } });
      return this.#close(tx, id, "withdrawn", actor, this.#now());
    });
  }

  /** Closes requests whose time is over. @returns how many */
  async expireDue(): Promise<number> {
    const due = "select id from requests where state = 'open' and expires_at <= $1 order by id limit 100";
    if ((await this.database.query(due, [iso(this.#now())])).length === 0) return 0;
    return this.database.transaction(async (tx) => {
      const now = this.#now();
      const found = await tx.query<{ id: string }>(due, [iso(now)]);
      for (const { id } of found) {
        const request = await this.#close(tx, id, "expired", EXPIRER, now);
        await appendAudit(tx, { actor: EXPIRER, action: "request.expired", model: request.model, version: request.version, detail: { request: id, alias: request.alias } });
      }
      return found.length;
    });
  }

  /**
   * Moves an alias past its policy: what `work` moves needs no approvals. For an emergency; the audit log has a row of its
   * own for it, with the reason and all that was missing.
   * @throws override-reason
   */
  async override<T>(reason: unknown, work: () => Promise<T>): Promise<T> {
    if (typeof reason !== "string" || reason.trim().length < MIN_REASON || reason.length > MAX_TEXT) throw approvalError("override-reason", `moving an alias past its policy needs a reason of at least ${MIN_REASON} characters`, { where: "override" });
    return this.#override.run(reason.trim(), work);
  }

  /**
   * Asked inside the transaction that moves an alias or takes it away; a request that is met is promoted by the move.
   * @throws policy-unmet with `data.missing`
   */
  readonly guard = async (change: AliasChange, tx: Database): Promise<void> => {
    const { model, alias, to: version, from, actor } = change;
    if (version === from) return;
    if (version === null) return this.#removal(change, tx);
    const now = this.#now();
    const { policy, request, verdict, cameBefore } = await this.standing(model, alias, version, tx);
    const promoted = async (action: string, detail: Readonly<Record<string, unknown>>, state: RequestState = "promoted"): Promise<void> => {
      if (request !== undefined) await this.#close(tx, request.id, state, actor, now);
      await appendAudit(tx, { actor, action, model, version, detail: { request: request?.id ?? null, alias, from, ...detail } });
    };
    if (policy === undefined) return request === undefined ? undefined : promoted("request.promoted", { policy: null, counted: [] });
    if (verdict.met) return promoted("request.promoted", { policy, counted: verdict.counted });
    if (cameBefore) return promoted("alias.rolled-back", { policy });
    const reason = this.#override.getStore();
    if (reason !== undefined) return promoted("alias.overridden", { policy, reason, missing: verdict.missing }, "overridden");
    throw unmet(model, alias, version, request, verdict);
  };

  /** What the alias's policy says of a version now, without doing anything. On a transaction it still holds when that writes. */
  async standing(model: string, alias: string, version: number, tx: Database = this.database): Promise<Standing> {
    const policy = this.policyFor(model, alias);
    const [row] = await tx.query(`select ${REQUEST_COLUMNS} from requests where model = $1 and alias = $2 and version = $3 and state = 'open' and expires_at > $4`, [model, alias, version, iso(this.#now())]);
    const request = row === undefined ? undefined : requestOf(row);
    const verdict = await this.#verdict(tx, { model, version, alias }, request === undefined ? [] : await decisionsOf(tx, request));
    const last = policy === undefined || verdict.met ? undefined : await this.#lastWord(tx, model, alias, version);
    return { policy, request, verdict, cameBefore: policy?.rollback === true && last === "promoted", rejected: request === undefined && last === "rejected" };
  }

  /** @throws policy-unmet with `data.missing` where the alias might not name the version now */
  async allow(model: string, alias: string, version: number, tx: Database = this.database): Promise<void> {
    const { request, verdict, cameBefore } = await this.standing(model, alias, version, tx);
    if (!verdict.met && !cameBefore) throw unmet(model, alias, version, request, verdict);
  }

  /** Nobody can approve that users are left without a version: an alias under a policy is taken away past it or not at all. */
  async #removal({ model, alias, from, actor }: AliasChange, tx: Database): Promise<void> {
    if (this.policyFor(model, alias) === undefined) return;
    const reason = this.#override.getStore();
    if (reason === undefined) {
      throw approvalError("policy-unmet", `${alias} of ${model} is under a policy and is not taken away`, {
        hint: "Move it to another version that is approved. In an emergency an administrator takes it away with a reason: --override.", data: { model, version: null, alias, request: null, missing: [] } });
    }
    await appendAudit(tx, { actor, action: "alias.overridden", model, version: from ?? undefined, detail: { request: null, alias, from, to: null, reason } });
  }

  /** For the registry: a version that is asked for is not removed. */
  readonly keeper = async (tx: Database, model: string, version: number): Promise<string | undefined> => {
    const [open] = await tx.query<{ id: string; alias: string }>("select id, alias from requests where model = $1 and version = $2 and state = 'open' and expires_at > $3", [model, version, iso(this.#now())]);
    return open === undefined ? undefined : `the open request ${open.id} for ${open.alias}`;
  };

  /** On a version under this alias: promoted or rejected. */
  async #lastWord(tx: Database, model: string, alias: string, version: number): Promise<string | undefined> {
    const [last] = await tx.query<{ state: string }>("select state from requests where model = $1 and alias = $2 and version = $3 and state in ('promoted', 'rejected') and (imported_by is null or closed_at > imported_at) order by closed_at desc, id desc limit 1", [model, alias, version]);
    return last?.state;
  }

  /** Known from its first use on. */
  async #serverKey(): Promise<SigningKey> {
    const key = await this.#options.serverKey();
    await addServerKey(this.database, key.publicKey, this.#options.serverName ?? "slipway");
    return key;
  }

  async #verdict(tx: Database, request: Pick<ReleaseRequest, "model" | "version" | "alias">, decisions: readonly Decision[]): Promise<Verdict> {
    const policy = this.policyFor(request.model, request.alias);
    if (policy === undefined) return { met: true, missing: [], counted: [] };
    const facts = await versionFacts(tx, request.model, request.version);
    return evaluatePolicy(policy, {
      author: facts?.author ?? "", approvals: decisions.filter((d) => d.counts && d.decision === "approve"), gate: await gateOf(tx, request),
      signed: policy.signed && facts !== undefined && (await isSigned(tx, facts, this.#verify)), now: this.#now(),
    });
  }

  async #version(tx: Database, model: string, version: number): Promise<VersionFacts> {
    const facts = await versionFacts(tx, model, version);
    if (facts === undefined) throw approvalError("request-unknown", `there is no version ${version} of ${JSON.stringify(model.slice(0, 150))}`);
    return facts;
  }

  async #request(tx: Database, id: string): Promise<ReleaseRequest> {
    const [row] = await tx.query(`select ${REQUEST_COLUMNS} from requests where id = $1`, [id]);
    if (row === undefined) throw approvalError("request-unknown", `there is no request ${JSON.stringify(id.slice(0, 100))}`);
    return requestOf(row);
  }

  async #open(tx: Database, id: string): Promise<ReleaseRequest> {
    const request = await this.#request(tx, id);
    if (request.state !== "open" || request.expiresAt <= iso(this.#now())) throw closed(request);
    return request;
  }

  async #close(tx: Database, id: string, state: RequestState, actor: Actor, now: number): Promise<ReleaseRequest> {
    const [row] = await tx.query(`update requests set state = $2, closed_at = $3, closed_by = $4 where id = $1 returning ${REQUEST_COLUMNS}`, [id, state, iso(now), actor.name]);
    return requestOf(row!);
  }
}

function unmet(model: string, alias: string, version: number, request: ReleaseRequest | undefined, { missing }: Verdict): Error {
  return approvalError("policy-unmet", `${alias} may not name ${model}:${version} yet: ${missing.map((m) => m.text).join("; ")}`, {
    hint: unmetHint(request, `${model}:${version}`, alias, missing),
    data: { model, version, alias, request: request?.id ?? null, missing },
  });
}

/** What to do about the first of what is missing. */
function unmetHint(request: ReleaseRequest | undefined, reference: string, alias: string, missing: readonly Missing[]): string {
  const has = (what: Missing["what"]): boolean => missing.some((m) => m.what === what);
  if (request === undefined && (has("approvals") || has("group"))) return `Ask for it: slipway request ${reference} --alias ${alias}.`;
  if (has("group") || has("approvals")) return `Who may review approves it: slipway approve ${reference} --alias ${alias}${missing.find((m) => m.what === "group")?.group === undefined ? "" : ` --as ${missing.find((m) => m.what === "group")!.group}`}.`;
  if (has("gate")) return "Run the gate: the button on the version's page of the dashboard, or POST /api/v1/models/NAME/versions/N/gate.";
  return "Sign the package with a trusted key (slipway sign) and offer it again: its signature is attached to the version.";
}

function withoutName({ name: _name, ...asked }: Policy): Omit<Policy, "name"> {
  return asked;
}

function closed(request: ReleaseRequest): Error {
  return approvalError("request-closed", `the request is ${request.state === "open" ? "expired" : request.state}${request.closedBy === null ? "" : `, by ${request.closedBy} at ${request.closedAt}`}`, { hint: "Open a new one." });
}

async function aliasVersion(tx: Database, model: string, alias: string): Promise<number | null> {
  return (await tx.query<{ version: number }>("select version from aliases where model = $1 and alias = $2", [model, alias]))[0]?.version ?? null;
}

function text(given: unknown, where: string): string {
  if (typeof given !== "string" || given.length > MAX_TEXT) throw approvalError("decision-invalid", `a ${where} is a text of at most ${MAX_TEXT} characters`, { where });
  return given;
}
function iso(ms: number): string {
  return new Date(ms).toISOString();
}

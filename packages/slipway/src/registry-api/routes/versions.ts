// Versions of a model: offering one, looking at it, its package.

import { readFile } from "node:fs/promises";
import { join, dirname } from "node:path";
import { jsonAnswer, type Answer, type Call, type Route } from "../../server/index.ts";
import type { Card, Version, VersionDetail } from "../answers.ts";
import { apiError } from "../errors.ts";
import { actorOf, bodyOf, countOf, textIn, textOf, versionOf } from "../request.ts";
import type { RegistryServices } from "../services.ts";
import { receive } from "../upload.ts";
import { aboutOf, COUNT, listOf, OBJECT, orNull, ROOT, route, TEXT, VERSION } from "./route.ts";

const CARD = { text: TEXT, revision: TEXT };
const ONE = { model: TEXT, version: VERSION, digest: TEXT, packageVersion: TEXT, createdAt: TEXT, createdBy: TEXT, size: COUNT, aliases: listOf(TEXT), gate: OBJECT, signed: { type: "boolean" } };
const MAX_CARD = 2 ** 20;

export function versionRoutes(services: RegistryServices): Route[] {
  const { registry, approvals, jobs } = services;
  const offerPath = "/models/{name}/versions";
  return [
    route("GET", "/models/{name}/versions", "read", { summary: "Its versions, the newest first", query: { before: VERSION, limit: COUNT }, answer: { versions: listOf(OBJECT), next: orNull(VERSION) } }, async (call) => {
      const limit = Math.min(countOf(call, "limit", 1) ?? 200, 1000);
      const versions = await registry.versions(call.params["name"]!, { before: countOf(call, "before", 1), limit });
      return jsonAnswer({ versions, next: versions.length === limit ? versions.at(-1)!.version : null } satisfies { versions: readonly Version[]; next: number | null });
    }),
    {
      method: "POST", path: ROOT + offerPath, action: "offer", streams: true, handle: offer,
      about: { ...aboutOf(offerPath, { summary: "Offer a version: a package (.slip), or a saved model, which is packed here; as the body, or as `model` of a form with the rows that it is checked with as `check`. `file`: its name; `parent`, `data`, `commit`: where it comes from", query: { file: TEXT, parent: VERSION, data: TEXT, commit: TEXT, packageVersion: TEXT }, answer: ONE }), request: { "application/octet-stream": TEXT, "multipart/form-data": { type: "object", properties: { model: TEXT, check: TEXT }, required: ["model"] } } },
    },
    route("GET", "/models/{name}/versions/{version}", "read", { summary: "A version with its signature, attachments and requests", answer: { ...ONE, signature: OBJECT, attachments: listOf(OBJECT), requests: listOf(OBJECT) } }, async (call) => {
      const { model, version, reference } = versionOf(call);
      const { card: _card, ...details } = await registry.details(reference);
      return jsonAnswer({ ...details, requests: await approvals.ofVersion(model, version) } satisfies VersionDetail);
    }),
    route("GET", "/models/{name}/versions/{version}/package", "read", { summary: "The package, as a .slip file", answer: "application/vnd.slipway.package+tar" }, async (call) => {
      const { model, version, reference } = versionOf(call);
      const { digest } = await registry.version(reference);
      const headers = { etag: `"${digest}"`, "content-disposition": `attachment; filename="${model}-v${version}.slip"` };
      if (call.header("if-none-match") === headers.etag) return { status: 304, headers, body: null };
      return { headers: { ...headers, "content-type": "application/vnd.slipway.package+tar" }, body: await registry.pull(reference) };
    }),
    route("GET", "/models/{name}/versions/{version}/card", "read", { summary: "The model card (Markdown). `revision` is what an edit has to expect", answer: CARD }, async (call) => jsonAnswer(await cardOf(call))),
    route("PUT", "/models/{name}/versions/{version}/card", "comment", { summary: "Edit the card: a new attachment, the package stays as it is", body: { text: TEXT, expected: TEXT }, answer: CARD }, async (call) => {
      const { model, version } = versionOf(call);
      const body = bodyOf(call, 2 * MAX_CARD);
      const text = textIn(body, "text");
      const expected = textIn(body, "expected");
      if (text.length > MAX_CARD) throw apiError("body-invalid", `a card has at most ${MAX_CARD} characters`, { where: "text" });
      const { revision } = await cardOf(call);
      if (expected !== revision) throw apiError("card-changed", `the card was changed meanwhile: it is at ${revision}, not at ${expected.slice(0, 100)}`, { data: { revision } });
      const attached = await registry.attach(model, version, {
        kind: "card", mediaType: "text/markdown", bytes: new TextEncoder().encode(text), title: "card.md", actor: actorOf(call), summary: { replaces: revision === PACKAGED ? null : revision }, expected: revision === PACKAGED ? null : revision });
      return jsonAnswer({ text, revision: attached.id } satisfies Card);
    }),
    route("GET", "/models/{name}/versions/{version}/attachments/{id}", "read", { summary: "What is attached, byte for byte", answer: "application/octet-stream" }, async (call) => {
      const { model, version } = versionOf(call);
      const found = (await registry.attachments(model, version)).find((a) => a.id === call.params["id"]);
      if (found === undefined) throw apiError("attachment-unknown", `the version has no attachment ${JSON.stringify(call.params["id"]!.slice(0, 100))}`);
      // What somebody attached must not be shown as a page of this origin.
      return { headers: { "content-type": found.mediaType, "content-disposition": "attachment", "content-security-policy": "sandbox" }, body: await registry.readAttachment(found) };
    }),
  ];

  async function offer(call: Call): Promise<Answer> {
    const actor = actorOf(call);
    const name = call.params["name"]!;
    const lineage = { parent: countOf(call, "parent", 1), trainingData: textOf(call, "data"), commit: textOf(call, "commit") };
    const upload = await receive(call, services.folder, services.uploadLimit, textOf(call, "file"));
    try {
      const packed = await jobs.run({ kind: "pack", path: upload.path, name, version: textOf(call, "packageVersion"), check: upload.check, out: join(dirname(upload.path), ".packed.slip") });
      if (packed.name !== name) throw apiError("offer-misnamed", `the package is called ${packed.name}, and is offered to ${name}`, { data: { name: packed.name } });
      const version = await registry.offer(await readFile(packed.path), { actor, lineage });
      return jsonAnswer({ ...version, ...(packed.warnings.length === 0 ? {} : { warnings: packed.warnings }) }, 201, { location: `${ROOT}/models/${encodeURIComponent(name)}/versions/${version.version}` });
    } finally {
      await upload.discard();
    }
  }

  async function cardOf(call: Call): Promise<Card> {
    const { card, attachments } = await registry.details(versionOf(call).reference);
    return { text: card, revision: attachments.findLast((a) => a.kind === "card")?.id ?? PACKAGED };
  }
}

/** The revision of a card that nobody has edited: the package's own. */
const PACKAGED = "package";

// An object in S3 as the output, or several below a prefix and a mark that they are whole. Each is put as a whole: small ones in
// one request, larger ones in parts that become an object with the last request.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { discard } from "../../oci/index.ts";
import { batchError } from "../errors.ts";
import type { Delivery, Destination } from "../output/destination.ts";
import { CURRENT } from "../run/leftovers.ts";
import { SUCCESS } from "../run/output-place.ts";
import { S3Client, s3Address } from "./s3-client.ts";
import { getObject, headObject } from "./s3-objects.ts";
import { parseS3, s3Objects, type S3Place } from "./s3-source.ts";
import { putFile } from "./s3-upload.ts";

const MAX_NOTE = 2 ** 24;
/** The run that an object is of: its plan's digest. */
const RUN = "x-amz-meta-slipway-run";

/** @throws SlipwayError batch-source-address */
export function s3Destination(address: string): Destination {
  const place = parseS3(address);
  const client = new S3Client();
  const folder = address.endsWith("/");
  /** What is there once all is there. */
  const last = folder ? `${place.key}${SUCCESS}` : place.key;
  return {
    shown: address,
    async look(run) {
      const runs = `${place.key}${folder ? "_run/" : ".parts/"}`;
      const shared = await sharedRun(client, place.bucket, runs);
      if (shared !== undefined) throw batchError("batch-run-busy", `a run that other processes share has not ended at ${address}`, { where: s3Address(place.bucket, shared), hint: "Go on with it by the --on that it was made with and --resume, or begin anew with --on and --overwrite." });
      const found = await client.send({ method: "HEAD", bucket: place.bucket, key: last, expect: [200, 404] }, (answer) => {
        discard(answer);
        return answer.status === 404 ? undefined : answer.headers[RUN] ?? "";
      });
      if (found === undefined) return { state: "nothing" };
      if (found !== run) return { state: "other" };
      const note = await client.send({ method: "GET", bucket: place.bucket, key: recordKey(place.key, folder), expect: [200] }, async (answer) => {
        let text = "";
        for await (const piece of answer.body as AsyncIterable<Buffer>) text += piece.toString("utf8");
        return text;
      });
      return { state: "same", note };
    },
    async put({ place: local, run, note, overwrite }: Delivery) {
      const upload = (key: string, path: string): Promise<void> => putFile(client, { bucket: place.bucket, key }, path, { [RUN]: run });
      if (folder) {
        const names = (await readdir(local.path)).filter((n) => /^part-\d+\./.test(n)).sort();
        if (overwrite) await clear(client, place, new Set(names.map((name) => place.key + name)), last);
        for (const name of names) await upload(`${place.key}${name}`, join(local.path, name));
      }
      if (await isFile(local.errors)) await upload(folder ? `${place.key}errors.jsonl` : `${place.key}.errors.jsonl`, local.errors);
      await putBytes(client, { bucket: place.bucket, key: recordKey(place.key, folder) }, Buffer.from(note), run);
      if (folder) await putBytes(client, { bucket: place.bucket, key: last }, Buffer.alloc(0), run);
      else await upload(last, local.path);
    },
  };
}

/** The last run here that many work on, where it has not ended. */
async function sharedRun(client: S3Client, bucket: string, runs: string): Promise<string | undefined> {
  const current = await getObject(client, { bucket, key: `${runs}${CURRENT}` }, MAX_NOTE);
  const id = current === undefined ? undefined : /"id": ?"([0-9a-f-]{36})"/.exec(Buffer.from(current.bytes).toString("utf8"))?.[1];
  return id !== undefined && (await headObject(client, { bucket, key: `${runs}${id}/run.json` })) !== undefined ? `${runs}${id}` : undefined;
}
function recordKey(key: string, folder: boolean): string {
  return folder ? `${key}_run.json` : `${key}.run.json`;
}
async function isFile(path: string): Promise<boolean> {
  return stat(path).then((s) => s.isFile(), () => false);
}

/** The mark of another run, and its parts that this one does not have. */
async function clear(client: S3Client, { bucket, key }: S3Place, keep: ReadonlySet<string>, mark: string): Promise<void> {
  const remove = (name: string): Promise<void> => client.send({ method: "DELETE", bucket, key: name, expect: [200, 204, 404] }, discard);
  await remove(mark);
  for (const { shown } of await s3Objects(client, s3Address(bucket, key), (name) => /^part-\d+\.\w+$/.test(name.slice(key.length)))) {
    const name = parseS3(shown).key;
    if (!keep.has(name)) await remove(name);
  }
}

async function putBytes(client: S3Client, place: S3Place, body: Uint8Array, run: string): Promise<void> {
  await client.send({ method: "PUT", ...place, body, headers: { [RUN]: run }, expect: [200] }, discard);
}

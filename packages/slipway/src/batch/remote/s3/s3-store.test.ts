import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import type { S3Client } from "./s3-client.ts";
import { S3Store } from "./s3-store.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-upload-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("waits for a part that is in flight when another fails, and aborts until no part is there", async () => {
  const path = join(folder, "large");
  writeFileSync(path, Buffer.alloc(20 << 20));
  const done: string[] = [];
  let listed = 0;
  const client = {
    document: ({ method }: { method: string }) => Promise.resolve({ name: "", text: "", children: method === "POST" ? [{ name: "UploadId", text: "one", children: [] }] : [] }),
    async send({ method, query }: { method: string; query: Record<string, string> }, read: (answer: object) => unknown) {
      const part = query["partNumber"];
      if (part === "1") throw new Error("cut off");
      if (part !== undefined) await sleep(50);
      done.push(part === undefined ? method : `part ${part}`);
      return read({ status: method === "GET" && ++listed === 2 ? 404 : 200, headers: {}, body: Readable.from([]) });
    },
  };
  await expect(new S3Store(client as unknown as S3Client).putFile({ bucket: "some", key: "large" }, path)).rejects.toThrow("cut off");
  expect(done).toEqual(["part 2", "DELETE", "GET", "DELETE", "GET"]);
});

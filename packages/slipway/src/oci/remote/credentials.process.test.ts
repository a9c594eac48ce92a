import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { findCredentials } from "./credentials.ts";

const home = mkdtempSync(join(tmpdir(), "slipway-credentials-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const code = (c: string): object => expect.objectContaining({ code: c });
const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString("base64") });

function config(content: unknown, name = "config.json"): Record<string, string> {
  const folder = mkdtempSync(join(home, "docker-"));
  writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  return { DOCKER_CONFIG: folder, PATH: `${join(home, "bin")}${delimiter}${process.env["PATH"]}` };
}
/** A credential helper: a program that knows one server. */
function helper(name: string, script: string): void {
  mkdirSync(join(home, "bin"), { recursive: true });
  const path = join(home, "bin", `docker-credential-${name}`);
  writeFileSync(path, `#!/bin/sh\nread -r server\n${script}\n`);
  chmodSync(path, 0o755);
}
const find = (env: Record<string, string>, host = "registry.example", repository = "team/churn"): Promise<unknown> => findCredentials(host, repository, { env, home });

it("takes what docker login wrote, under the names that it uses", async () => {
  expect(await find(config({ auths: { "registry.example": auth("ada:a:b") } }))).toEqual({ kind: "password", username: "ada", password: "a:b" });
  expect(await find(config({ auths: { "https://registry.example/v2/": auth("ada:x") } }))).toMatchObject({ username: "ada" });
  expect(await find(config({ auths: { "https://index.docker.io/v1/": auth("hub:x") } }), "docker.io", "library/a")).toMatchObject({ username: "hub" });
  expect(await find(config({ auths: { "registry.example": { username: "ada", password: "x" } } }))).toMatchObject({ username: "ada" });
  expect(await find(config({ auths: { "registry.example": { ...auth("ada:"), identitytoken: "t" } } }))).toEqual({ kind: "identity", token: "t" });
  expect(await find(config({ auths: { "registry.example": { registrytoken: "t" } } }))).toEqual({ kind: "registry", token: "t" });
  expect(await find(config({ auths: { "registry.example": {} } }))).toBeUndefined();
  expect(await find(config({ auths: { "other.example": auth("a:b") } }))).toBeUndefined();
  expect(await find(config(""))).toBeUndefined();
  expect(await find({ DOCKER_CONFIG: join(home, "nothing") })).toBeUndefined();
});

it("prefers the most exact name, as podman and skopeo do, and REGISTRY_AUTH_FILE alone where it is set", async () => {
  const env = config({ auths: { "registry.example": auth("host:x"), "registry.example/team": auth("team:x") } });
  expect(await find(env)).toMatchObject({ username: "team" });
  expect(await find(env, "registry.example", "other/churn")).toMatchObject({ username: "host" });
  expect(await find({ ...env, REGISTRY_AUTH_FILE: join(home, "nothing.json") })).toBeUndefined();
});

it("asks credential helpers, the host's own first, then the common one, then the file", async () => {
  helper("own", 'echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"own\\",\\"Secret\\":\\"s-$server\\"}"');
  helper("token", 'echo \'{"Username":"<token>","Secret":"refresh"}\'');
  helper("empty", 'echo "credentials not found in native keychain"; exit 1');
  helper("broken", "echo boom >&2; exit 1");
  helper("nonsense", "echo hello");
  expect(await find(config({ credHelpers: { "registry.example": "own" }, credsStore: "broken" }))).toEqual({ kind: "password", username: "own", password: "s-registry.example" });
  expect(await find(config({ credsStore: "token" }))).toEqual({ kind: "identity", token: "refresh" });
  expect(await find(config({ credsStore: "own" }), "docker.io", "library/a")).toMatchObject({ password: "s-https://index.docker.io/v1/" });
  expect(await find(config({ credsStore: "empty", auths: { "registry.example": auth("file:x") } }))).toMatchObject({ username: "file" });
  await expect(find(config({ credsStore: "broken" }))).rejects.toThrow(expect.objectContaining({ code: "oci-credentials", message: expect.stringContaining("boom") as string }));
  await expect(find(config({ credsStore: "nonsense" }))).rejects.toThrow(code("oci-credentials"));
  await expect(find(config({ credsStore: "not-installed-anywhere" }))).rejects.toThrow(code("oci-credentials"));
  await expect(find(config({ credsStore: "../../bin/sh" }))).rejects.toThrow(code("oci-credentials"));
});

it("says which file is damaged", async () => {
  for (const content of ["{", "[]", { auths: [] }, { auths: { "registry.example": auth("nocolon") } }, { auths: { "registry.example": { auth: 7 } } }, { credHelpers: { "registry.example": 7 } }]) {
    await expect(find(config(content))).rejects.toThrow(code("oci-credentials"));
  }
});

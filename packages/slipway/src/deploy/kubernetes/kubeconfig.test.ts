import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { clusterAccess } from "./kubeconfig.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-kubeconfig-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const config = (user: object, more: object = {}): string => {
  writeFileSync(at("config"), JSON.stringify({ apiVersion: "v1", kind: "Config", "current-context": "one", clusters: [{ name: "c", cluster: { server: "https://10.0.0.1:6443", "certificate-authority-data": Buffer.from("CA").toString("base64") } }], users: [{ name: "u", user }], contexts: [{ name: "one", context: { cluster: "c", user: "u", namespace: "team" } }, { name: "two", context: { cluster: "c", user: "u" } }], ...more }));
  return at("config");
};

it("reads certificates, tokens and contexts as kubectl does", async () => {
  writeFileSync(at("client.crt"), "CERT");
  expect(await clusterAccess({ file: config({ "client-certificate": "client.crt", "client-key-data": Buffer.from("KEY").toString("base64") }) })).toMatchObject({ namespace: "team", ca: "CA", cert: "CERT", key: "KEY" });
  expect(await clusterAccess({ file: config({ token: "abc" }), context: "two" })).toMatchObject({ namespace: "default", token: "abc" });
  expect(await clusterAccess({ env: { KUBECONFIG: `${at("none")}:${config({ token: "abc" })}` } })).toMatchObject({ token: "abc" });
});

it("runs the program that brings credentials", async () => {
  writeFileSync(at("login"), `#!/bin/sh\necho "{\\"status\\": {\\"token\\": \\"$WHO-$1\\"}}"\n`);
  chmodSync(at("login"), 0o755);
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "./login", args: ["x"], env: [{ name: "WHO", value: "me" }] };
  expect(await clusterAccess({ file: config({ exec }) })).toMatchObject({ token: "me-x" });
  await expect(clusterAccess({ file: config({ exec: { ...exec, command: "./nowhere" } }) })).rejects.toMatchObject({ code: "deploy-kubeconfig" });
});

it.each([
  ["nothing there", () => at("none")],
  ["no YAML", () => (writeFileSync(at("config"), "a: [b"), at("config"))],
  ["a list", () => (writeFileSync(at("config"), "- a"), at("config"))],
  ["no such context", () => config({}, { "current-context": "three" })],
  ["no context at all", () => config({}, { "current-context": "" })],
  ["a certificate that is not there", () => config({ "client-certificate": "gone.crt" })],
  ["a server that is no address", () => config({}, { clusters: [{ name: "c", cluster: { server: "somewhere" } }] })],
] as const)("refuses %s with a code", async (_, file) => {
  await expect(clusterAccess({ file: file() })).rejects.toMatchObject({ code: "deploy-kubeconfig" });
});

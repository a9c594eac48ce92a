// Where a run's input and output lie that pods of a real cluster work on: a folder that the node has, or a bucket.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { S3Client } from "../../packages/slipway/src/batch/remote/s3/s3-client.ts";
import { getObject, sizesBelow } from "../../packages/slipway/src/batch/remote/object-store.ts";
import { S3Store } from "../../packages/slipway/src/batch/remote/s3/s3-store.ts";
import { startMinio } from "../testing-minio.ts";
import { goTool } from "../testing-tools.ts";

export interface BatchPlace {
  /** As `slipway batch` is told of it. */
  at(name: string): string;
  write(name: string, bytes: Uint8Array): Promise<void>;
  read(name: string): Promise<Uint8Array | undefined>;
  /** What is there whose name begins so: what comes behind that. */
  names(prefix: string): Promise<string[]>;
  /** Uploads that were begun and not ended. */
  uploads(): Promise<number>;
  /** What pods need of the cluster, and the options of the command that say so. */
  readonly objects: readonly object[];
  readonly options: readonly string[];
  close(): Promise<void>;
}

export function folderPlace(folder: string, namespace: string): BatchPlace {
  mkdirSync(folder, { recursive: true });
  const at = (name: string): string => `${folder}/${name}`;
  return {
    at,
    write: async (name, bytes) => writeFileSync(at(name), bytes),
    read: async (name) => (existsSync(at(name)) ? readFileSync(at(name)) : undefined),
    names: async (prefix) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name).slice(folder.length + 1)).filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
    uploads: async () => 0,
    objects: [
      { apiVersion: "v1", kind: "PersistentVolume", metadata: { name: namespace }, spec: { capacity: { storage: "10Gi" }, accessModes: ["ReadWriteMany"], storageClassName: "", persistentVolumeReclaimPolicy: "Retain", hostPath: { path: folder }, claimRef: { namespace, name: "data" } } },
      { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data", namespace }, spec: { accessModes: ["ReadWriteMany"], storageClassName: "", volumeName: namespace, resources: { requests: { storage: "10Gi" } } } },
    ],
    options: ["--volume", `data:${folder}`],
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

const BUCKET = "scores";

/** Of a MinIO at that address of this machine. This process asks it from here on, and so do the commands that it starts. */
export async function bucketPlace(host: string, namespace: string): Promise<BatchPlace> {
  const program = goTool("minio");
  if (program === undefined) throw new Error("there is no MinIO: scripts/testing-tools.sh minio");
  const minio = await startMinio(program, BUCKET, host);
  const credentials = { AWS_ACCESS_KEY_ID: minio.user, AWS_SECRET_ACCESS_KEY: minio.password };
  Object.assign(process.env, credentials, { AWS_ENDPOINT_URL_S3: minio.endpoint, AWS_REGION: "us-east-1" });
  const store = new S3Store(new S3Client());
  const of = (key: string): { bucket: string; key: string } => ({ bucket: BUCKET, key });
  return {
    at: (name) => `s3://${BUCKET}/${name}`,
    write: async (name, bytes) => void await store.put(of(name), bytes),
    read: async (name) => (await getObject(store, of(name), 2 ** 30))?.bytes,
    names: async (prefix) => [...(await sizesBelow(store, of(""), (name) => name.startsWith(prefix))).keys()].map((name) => name.slice(prefix.length)),
    uploads: async () => (await store.begun(of(""))).length,
    objects: [{ apiVersion: "v1", kind: "Secret", metadata: { name: "bucket", namespace }, stringData: credentials }],
    options: ["--pod-secret", "bucket"],
    close: () => minio.stop(),
  };
}

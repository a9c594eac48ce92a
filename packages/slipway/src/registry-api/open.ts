// Everything behind /api/v1, opened over a database and a store of blobs.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { generateSigningKey, readSigningKey, writePrivateKey, type SigningKey } from "@slipway/core/signing";
import { Approvals, readPolicies, type VerifySignature } from "../approvals/index.ts";
import type { ApprovalSettings, GateSettings, WebhookSettings } from "../config/index.ts";
import type { Database } from "../database/index.ts";
import type { BlobStore } from "../oci/index.ts";
import { Registry } from "../registry/index.ts";
import { Deliverer, destinations, Webhooks } from "../webhooks/index.ts";
import { GateRuns } from "./gate-runs.ts";
import { Jobs } from "./jobs/jobs.ts";
import type { RegistryServices } from "./services.ts";

export interface RegistryServiceOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  /** Holds uploads while they are read, and the server's key. */
  readonly folder: string;
  readonly settings?: {
    readonly approvals?: Readonly<Record<string, ApprovalSettings>> | undefined;
    readonly webhooks?: Partial<WebhookSettings> | undefined;
    readonly gate?: Partial<GateSettings> | undefined;
  };
  readonly verifySignature?: VerifySignature | undefined;
  /** Largest upload in bytes; 2 GB by default. */
  readonly uploadLimit?: number;
  /** Deliver webhooks and close requests whose time is over; on by default. */
  readonly background?: boolean;
  /** Told of what fails in the background. */
  readonly onError?: (error: unknown) => void;
}
export interface RegistryService extends RegistryServices {
  /** Ends what goes on in the background; database and store are their owner's. */
  close(): Promise<void>;
}

const UPLOAD_LIMIT = 2 ** 31 - 1;
const EXPIRE_MS = 60_000;

/** @throws policy-invalid, webhook-invalid, database-newer, and what reading the server's key throws */
export async function openRegistryService(options: RegistryServiceOptions): Promise<RegistryService> {
  const { database, blobs, folder, settings = {}, onError = () => undefined } = options;
  const policies = readPolicies(settings.approvals);
  const allowed = destinations(settings.webhooks?.allow ?? []);
  const key = await serverKey(join(folder, "server-key.pem"));
  // The guard belongs to the approvals, whose tables come after the registry's own.
  let approvals: Approvals | undefined;
  const registry = await Registry.open({
    database, blobs,
    guard: (change, tx) => approvals!.guard(change, tx),
    keepers: [(tx, model, version) => approvals!.keeper(tx, model, version)],
  });
  approvals = await Approvals.open({ database, policies, serverKey: key, serverName: `slipway on ${hostname()}`, verifySignature: options.verifySignature });
  const webhooks = await Webhooks.open(database, allowed);
  const deliverer = new Deliverer({ webhooks, timeoutMs: settings.webhooks?.timeout ?? 10_000, disableAfterMs: settings.webhooks?.disableAfter ?? 259_200_000, onError });
  const jobs = new Jobs();
  const uploads = join(folder, "uploads");
  const gate = await GateRuns.open(registry, jobs, uploads, onError);
  let expiring: NodeJS.Timeout | undefined;
  if (options.background !== false) {
    deliverer.start();
    expiring = setInterval(() => void approvals.expireDue().catch(onError), EXPIRE_MS);
    expiring.unref();
  }
  return {
    registry, approvals, webhooks, deliverer, jobs, gate, gateSettings: settings.gate ?? {}, uploadLimit: options.uploadLimit ?? UPLOAD_LIMIT, folder: uploads,
    async close() {
      clearInterval(expiring);
      jobs.close();
      await Promise.all([deliverer.stop(), gate.settled()]);
    },
  };
}

/** Made at the first start; readable by its owner only. */
async function serverKey(path: string): Promise<SigningKey> {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    const { pkcs8 } = await generateSigningKey();
    try {
      writeFileSync(path, await writePrivateKey(pkcs8), { mode: 0o600, flag: "wx" });
    } catch (error) {
      // Another process that starts at the same time made one: that one is taken.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  return readSigningKey(readFileSync(path, "utf8"));
}

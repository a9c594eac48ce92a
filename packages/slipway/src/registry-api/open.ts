// Everything behind /api/v1, opened over a database and a store of blobs.

import { hostname } from "node:os";
import { join } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import { certificatesOfPem, readVerificationKey, verifyPackage, type SigningKey } from "@slipway/core/signing";
import { Approvals, approvalError, approvalsCompanion, readPolicies, type VerifySignature } from "../approvals/index.ts";
import type { ApprovalSettings, GateSettings, RetrainSettings, RolloutSettings, WebhookSettings } from "../config/index.ts";
import type { Database } from "../database/index.ts";
import type { BlobStore } from "../oci/index.ts";
import { Registry } from "../registry/index.ts";
import { Retrainer, Retrains } from "../retrain/index.ts";
import { Rollouts } from "../rollout/index.ts";
import type { TrustedSigners } from "../runtime/index.ts";
import { Schedules } from "../schedules/index.ts";
import { Deliverer, destinations, secretBox, Webhooks, webhooksCompanion } from "../webhooks/index.ts";
import { keepEnvelope, keepLost } from "./envelopes.ts";
import { GateRuns } from "./gate-runs.ts";
import { Jobs } from "./jobs/jobs.ts";
import { sweepUploads } from "./upload.ts";
import { secretKeys, serverKey } from "./key-files.ts";
import type { RegistryServices } from "./services.ts";
import { workshopOf } from "./workshop.ts";

export interface RegistryServiceOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  /** Holds uploads while they are read, and the server's keys. */
  readonly folder: string;
  readonly settings?: {
    readonly approvals?: Readonly<Record<string, ApprovalSettings>> | undefined;
    readonly webhooks?: Partial<WebhookSettings> | undefined;
    readonly gate?: Partial<GateSettings> | undefined;
    readonly rollout?: Partial<RolloutSettings> | undefined;
    readonly retrain?: Readonly<Record<string, RetrainSettings>> | undefined;
  };
  /** SLIPWAY_SECRETS_KEY: what seals webhooks' secrets in the database; from the environment by default. */
  readonly secretsKey?: string | undefined;
  /** Whose signatures count where a policy asks for one. */
  readonly trusted?: TrustedSigners | undefined;
  /** Where API keys are kept, for those who make them over the interface. */
  readonly keyFile?: string | undefined;
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
const ATTACH_MS = 5000;
const MAX_SIGNATURE = 4 * 2 ** 20;

/** @throws policy-invalid, webhook-invalid, webhook-secret-key, database-newer, and what reading the server's key throws */
export async function openRegistryService(options: RegistryServiceOptions): Promise<RegistryService> {
  const { database, blobs, folder, settings = {}, trusted, onError = () => undefined } = options;
  const policies = readPolicies(settings.approvals);
  const unmeetable = policies.find((p) => p.signed && trusted === undefined);
  if (unmeetable !== undefined) throw approvalError("policy-invalid", `approvals.${unmeetable.name}.signed: no key is trusted, so no package could ever be promoted`, { hint: "Name public keys under signatures.require." });
  const allowed = destinations(settings.webhooks?.allow ?? []);
  // The guard belongs to the approvals, whose tables come after the registry's own.
  let approvals: Approvals | undefined;
  let key: Promise<SigningKey> | undefined;
  const registry = await Registry.open({
    database, blobs,
    guard: (change, tx) => approvals!.guard(change, tx),
    companions: [approvalsCompanion, webhooksCompanion],
    keepers: [(tx, model, version) => approvals!.keeper(tx, model, version)],
  });
  approvals = await Approvals.open({ database, policies, serverName: `slipway on ${hostname()}`, verifySignature: trusted === undefined ? undefined : signatureVerifier(registry, trusted),
    serverKey: () => (key ??= serverKey(join(folder, "server-key.pem"))), onDecision: keepEnvelope(registry),
  });
  await keepLost(registry);
  const secrets = secretBox(secretKeys(options.secretsKey ?? process.env["SLIPWAY_SECRETS_KEY"], join(folder, "secrets.key"), database.dialect === "sqlite"));
  const webhooks = await Webhooks.open(database, allowed, secrets);
  const deliverer = new Deliverer({ webhooks, timeoutMs: settings.webhooks?.timeout ?? 10_000, disableAfterMs: settings.webhooks?.disableAfter ?? 259_200_000, onError });
  const jobs = new Jobs();
  const uploads = join(folder, "uploads");
  const gate = await GateRuns.open(registry, jobs, uploads, onError);
  const rollouts = await Rollouts.open({ registry, approvals, settings: settings.rollout });
  const retrains = await Retrains.open(registry);
  const retrainer = new Retrainer({ settings: settings.retrain ?? {}, retrains, registry, approvals, rollouts, workshop: workshopOf(jobs, gate, settings.gate ?? {}), folder: uploads, onError });
  const schedules = await Schedules.open(database);
  let expiring: NodeJS.Timeout | undefined;
  let attaching: NodeJS.Timeout | undefined;
  let attach: Promise<unknown> | undefined;
  if (options.background !== false) {
    await sweepUploads(uploads).catch(onError);
    deliverer.start();
    expiring = setInterval(() => void approvals.expireDue().catch(onError), EXPIRE_MS);
    expiring.unref();
    // One at a time, however long a store takes to answer.
    attaching = setInterval(() => void (attach ??= registry.attachWaiting().catch(onError).finally(() => (attach = undefined))), ATTACH_MS);
    attaching.unref();
  }
  return {
    registry, approvals, webhooks, deliverer, jobs, gate, rollouts, retrains, retrainer, schedules, gateSettings: settings.gate ?? {}, uploadLimit: options.uploadLimit ?? UPLOAD_LIMIT, folder: uploads, keyFile: options.keyFile, onError,
    async close() {
      clearInterval(expiring);
      clearInterval(attaching);
      await attach;
      await retrainer.stop();
      jobs.close();
      await Promise.all([deliverer.stop(), gate.settled()]);
    },
  };
}

/** Looks at a signature that is attached to a version as `slipway verify` does. */
function signatureVerifier(registry: Registry, trusted: TrustedSigners): VerifySignature {
  return async ({ model, version }, { digest }) => {
    const pkg = await registry.package(`${model}:${version}`);
    try {
      const signature = await registry.blobs.readBlob(digest, { maxBytes: MAX_SIGNATURE });
      await verifyPackage(pkg, { keys: await Promise.all(trusted.keys.map(readVerificationKey)), roots: (trusted.roots ?? []).flatMap(certificatesOfPem) }, signature);
      return true;
    } catch (error) {
      // By a stranger, over something else, or no signature at all. A store that is away is another matter.
      if (error instanceof SlipwayError && error.kind !== "unavailable" && error.kind !== "timeout") return false;
      throw error;
    }
  };
}

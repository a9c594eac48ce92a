// What every route of the server shares.

import type { Encoded, ModelInput, Prediction, Servable } from "../runtime/index.ts";
import type { AuthOptions, LimitOptions } from "./auth/index.ts";
import type { Member } from "./cluster/index.ts";
import type { Call } from "./http/call.ts";
import type { Protocol, RoutingTable } from "./http/routing-table.ts";
import type { ModelDirectory } from "./models/directory.ts";
import type { Repository } from "./models/repository.ts";
import type { Family } from "./telemetry/family.ts";
import type { Logger } from "./telemetry/log.ts";
import type { OtlpExporter, OtlpOptions } from "./telemetry/otlp-exporter.ts";
import type { RequestLogOptions } from "./telemetry/request-log.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

export interface ServerOptions {
  /** Largest body in bytes, before and after decompression; 64 MB by default. */
  readonly bodyLimit?: number;
  /** Longest time for one prediction, in milliseconds; 60 s by default. */
  readonly requestTimeoutMs?: number;
  /** Longest time for a request to arrive whole, in milliseconds; 2 minutes by default. */
  readonly receiveTimeoutMs?: number;
  /** Host names beside localhost under which a server on loopback may be asked. */
  readonly allowedHosts?: readonly string[];
  /** Set by `startServer`: only loopback names are taken in the Host header. */
  readonly loopbackOnly?: boolean;
  /** Who may ask, and what; without it everybody may ask and nobody may administrate. */
  readonly auth?: AuthOptions | undefined;
  /** How much each client may ask. */
  readonly limits?: LimitOptions | undefined;
  /** Origins whose pages may ask, such as https://app.example; `*` for any. */
  readonly corsOrigins?: readonly string[] | undefined;
  /** A file to which every act of administration is added. */
  readonly auditLog?: string | undefined;
  /** Where JSON log lines go; none by default. */
  readonly log?: LogOptions;
  /** Which requests are logged, and what of them. */
  readonly requestLog?: RequestLogOptions | undefined;
  /** Where traces and metrics are sent over OTLP; nowhere by default. */
  readonly otlp?: OtlpOptions | undefined;
  /** Told of every prediction. */
  readonly observer?: PredictionObserver | undefined;
  readonly version?: string;
  /** Under which it is mounted in another server: "/api/model". */
  readonly basePath?: string;
  /** Where SageMaker puts the models of a multi-model endpoint; /opt/ml/models by default. */
  readonly multiModelRoot?: string;
  /** Addresses that Vertex AI gave its container. */
  readonly vertex?: VertexAddresses;
  /** Metrics beside the server's own. */
  readonly families?: readonly (() => readonly Family[])[];
  /** Further protocols beside the built-in ones: the registry's interface, the dashboard. */
  readonly protocols?: readonly ((context: ServerContext) => Protocol)[];
}
export interface VertexAddresses {
  readonly health?: string | undefined;
  readonly predict?: string | undefined;
  readonly deployedModelId?: string | undefined;
}
export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly write: (line: string) => void;
}

/** What a handler tells about the work it did, for metrics and the log. */
export interface Observation {
  readonly model: Servable;
  readonly rows: number;
  /** Checking the rows and bringing them into the engine's form. */
  readonly decodeMs: number;
  readonly queueMs: number;
  readonly computeMs: number;
  /** Rows of the engine call that it was part of. */
  readonly batchRows: number;
  /** performance.now() when the prediction was there. */
  readonly doneAt: number;
  /** What was asked, for a log that shows rows. */
  readonly input?: ModelInput | undefined;
  /** Its rows that a rule refused: no log shows them. */
  readonly withheld?: ReadonlySet<number> | undefined;
}

/** Watches what models are asked and answer, whatever the protocol. It is called while requests wait, and never throws. */
export interface PredictionObserver {
  predicted(call: Call, model: Servable, input: ModelInput, encoded: Encoded, prediction: Prediction): void;
  /** Of rows that were predicted, the lists that were made of the prediction and shown. */
  listed?(call: Call, model: Servable, lists: readonly { readonly row: number; readonly items: readonly string[]; readonly input: ModelInput }[]): void;
  /** A request for predictions was answered, or failed. */
  finished(call: Call, model: Servable, status: number): void;
}

export type Stopper = Pick<AbortSignal, "throwIfAborted">;

export interface ServerContext {
  readonly models: ModelDirectory;
  /** What loads and unloads them. */
  readonly repository: Repository;
  readonly options: Required<Pick<ServerOptions, "bodyLimit" | "requestTimeoutMs" | "receiveTimeoutMs" | "version">> & ServerOptions;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly startedAt: number;
  ready: boolean;
  exporter?: OtlpExporter;
  /** Where this is one of several processes that serve together. */
  cluster?: Member;
  table?: RoutingTable;
}

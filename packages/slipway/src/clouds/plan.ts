// A deployment as data: the requests in their order, exactly as they are sent, and what it costs. Nothing here touches a cloud.

export type Json = Readonly<Record<string, unknown>>;

export interface CloudRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  /** Beside those of who asks. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** The service that an AWS signature is for. */
  readonly service?: string;
}
export interface Answer {
  readonly status: number;
  readonly body: Json;
}
export interface Step {
  /** What it does, for people. */
  readonly title: string;
  readonly request: CloudRequest;
  /** Whether a refusal says that it is there already. */
  readonly there?: (answer: Answer) => boolean;
  /** Sent instead where it is there already; else nothing is. */
  readonly update?: CloudRequest;
  /** Asked until it says that what was made is ready. */
  readonly wait?: Wait;
}
export interface Wait {
  /** Some clouds tell where to ask. */
  readonly request: CloudRequest | ((answer: Answer) => CloudRequest | undefined);
  readonly done: (answer: Answer) => boolean;
  /** Why it will never be. */
  readonly failed: (answer: Answer) => string | undefined;
}
export interface Cost {
  /** US dollars in a month of 730 hours, list price; undefined where it depends on requests alone. */
  readonly monthly: number | undefined;
  readonly text: string;
}
export interface CloudPlan {
  readonly target: string;
  readonly name: string;
  readonly steps: readonly Step[];
  /** In the order in which they are taken away. */
  readonly destroy: readonly Step[];
  readonly status: { readonly request: CloudRequest; readonly read: (answer: Answer) => CloudStatus };
  readonly cost: Cost;
  /** main.tf: the same for Terraform. */
  readonly terraform: string;
  /** How the service is asked when it is there. */
  readonly ask: string;
}
export interface CloudStatus {
  readonly state: string;
  readonly ready: boolean;
  readonly url?: string | undefined;
  readonly reason?: string | undefined;
}

export interface CloudOptions {
  /** Of the service; the model's by default. */
  readonly name: string;
  /** HOST/REPOSITORY:TAG or @sha256:..., as the cloud pulls it. */
  readonly image: string;
  /** First twelve digits of the package's digest: what belongs to this version is named so. */
  readonly revision: string;
  readonly env: Readonly<Record<string, string>>;
  readonly region: string | undefined;
  readonly instances: number;
  readonly maxInstances: number;
  readonly instanceType: string | undefined;
  /** MiB. */
  readonly memory: number | undefined;
  readonly cpu: number | undefined;
  /** Whether everybody may ask, without the cloud's own credentials. */
  readonly open: boolean;
  /** Who the service runs as: an ARN, a service account. */
  readonly identity: string | undefined;
  readonly serverless: boolean;
  readonly project: string | undefined;
  readonly subscription: string | undefined;
  readonly resourceGroup: string | undefined;
  readonly workspace: string | undefined;
  readonly environment: string | undefined;
}

/** Value at a path of names; undefined where there is none. */
export function at(json: unknown, ...path: readonly (string | number)[]): unknown {
  let value: unknown = json;
  for (const key of path) value = typeof value === "object" && value !== null ? (value as Record<string | number, unknown>)[key] : undefined;
  return value;
}
export function textAt(json: unknown, ...path: readonly (string | number)[]): string | undefined {
  const value = at(json, ...path);
  return typeof value === "string" ? value : undefined;
}

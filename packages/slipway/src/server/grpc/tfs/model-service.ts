// tensorflow.serving.ModelService: the states of versions, and for operators a new configuration.

import { allowModel } from "../../auth/index.ts";
import type { ServerContext } from "../../context.ts";
import { serverError, toSlipwayError } from "../../errors.ts";
import { changeModels } from "../../models/change.ts";
import type { ListedVersion } from "../../models/directory.ts";
import type { VersionPolicy } from "../../models/version-policy.ts";
import { bad } from "../../protocols/tfs/read-predict.ts";
import { unary, type GrpcService } from "../method.ts";
import { grpcCodeOf } from "../status.ts";
import * as control from "./control-messages.ts";
import { integerVersion, wantedModel } from "./service.ts";

export function modelService(context: ServerContext): GrpcService {
  return {
    name: "tensorflow.serving.ModelService",
    methods: [
      unary("GetModelStatus", "read", control.GetModelStatusRequest, control.GetModelStatusResponse, (call, { model_spec: spec }) => {
        const { name, version, label } = wantedModel(context, spec);
        allowModel(call, name);
        const entry = context.models.entryOf(name);
        const one = label !== undefined ? entry.resolve(label, "label") : version === undefined ? undefined : entry.resolve(version);
        const versions = context.models.list.filter((v) => v.name === name && (one === undefined || v.version === one.version));
        return { model_version_status: versions.map((v) => ({ version: integerVersion(v.version) ?? 0, state: control.STATES[stateOf(v, context.ready)]!, status: statusOf(v) })) };
      }),
      unary("HandleReloadConfigRequest", "operate", control.ReloadConfigRequest, control.ReloadConfigResponse, async (call, { config }) => {
        const list = config?.model_config_list?.config;
        if (list === undefined) throw bad("the request has no model_config_list");
        changeModels(call);
        for (const { name } of list) allowModel(call, name);
        const policies = list.map(readPolicy);
        try {
          for (const [i, { name }] of list.entries()) await context.repository.load(name, policies[i]);
          // The list is all that is to be served.
          for (const name of new Set(context.models.list.map((v) => v.name))) if (!list.some((c) => c.name === name)) await context.repository.unload(name);
        } catch (thrown) {
          const error = toSlipwayError(thrown);
          return { status: { error_code: grpcCodeOf(error), error_message: `${error.message}${error.hint === undefined ? "" : `. ${error.hint}`}` } };
        }
        return { status: { error_code: 0, error_message: "" } };
      }),
    ],
  };
}

function readPolicy({ name, model_version_policy: policy, version_labels: labels }: control.ModelConfig): VersionPolicy | undefined {
  if (labels.size > 0) throw serverError("not-offered", `labels of ${JSON.stringify(name.slice(0, 100))} are not set over this interface`, { hint: "They are aliases of the model's settings." });
  if (policy?.all !== undefined) return { all: true };
  if (policy?.specific !== undefined) return { specific: Array.from(policy.specific.versions, String) };
  return policy?.latest === undefined ? undefined : { latest: Math.max(1, policy.latest.num_versions) };
}

function stateOf(v: ListedVersion, serving: boolean): string {
  if (v.state === "ready" || (v.onDemand && v.state === "unloaded")) return serving ? "AVAILABLE" : "UNLOADING";
  return v.state === "loading" ? "LOADING" : "END";
}
/** The version as it is, where it is no number. */
function statusOf(v: ListedVersion): { readonly error_code: number; readonly error_message: string } {
  const named = integerVersion(v.version) === undefined ? `version ${v.version}` : "";
  return { error_code: v.state === "unavailable" ? 14 : 0, error_message: [named, v.reason?.message ?? ""].filter((t) => t !== "").join(": ") };
}

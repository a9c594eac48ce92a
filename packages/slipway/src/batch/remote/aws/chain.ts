// Who asks Amazon, in the order of its own tools: the environment; a token of one's own identity; a profile, with the role
// that it names; the container; at last the machine.

import { HttpClient } from "../../../oci/index.ts";
import { batchError } from "../../errors.ts";
import { Web } from "../web.ts";
import { containerProvider } from "./container.ts";
import { CredentialChain, type Credentials, type Provider } from "./credentials.ts";
import { machineProvider } from "./machine.ts";
import { keysIn, readProfiles, text, type Environment, type Profile, type Profiles } from "./profile-files.ts";
import { assumeBy, assumeByToken, type Role, type Sts } from "./sts.ts";

export interface ChainOptions {
  readonly env: Environment;
  readonly home: string;
  readonly region: string;
  readonly ca: readonly string[];
  /** Whether the metadata service of EC2 is asked where nobody else gives credentials. */
  readonly machine: boolean;
}
/** Roles that lead to others. */
const LONGEST = 5;
const SESSION = /^[\w+=,.@-]{2,64}$/;
const ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,600}$/;

export function credentialChain({ env, home, region, ca, machine }: ChainOptions): CredentialChain {
  const profiles = (): Profiles => readProfiles(env, home);
  const sts = (): Sts => ({ web: new Web(undefined, new HttpClient({ ca })), region, url: stsAddress(env, region) });
  const container = containerProvider(env);
  const metadata = machineProvider(env, profiles().own.get("ec2_metadata_service_endpoint"));
  return new CredentialChain([
    async () => keysIn((setting) => text(env, setting.toUpperCase())),
    async () => {
      const [file, arn] = [text(env, "AWS_WEB_IDENTITY_TOKEN_FILE"), text(env, "AWS_ROLE_ARN")];
      return file === undefined || arn === undefined ? undefined : withSts(sts(), (s) => assumeByToken(s, roleOf(arn, text(env, "AWS_ROLE_SESSION_NAME")), file));
    },
    () => ofProfile(profiles(), profiles().own, sts, { Environment: async () => keysIn((setting) => text(env, setting.toUpperCase())), EcsContainer: container, Ec2InstanceMetadata: metadata }, LONGEST),
    container,
    ...(machine ? [metadata] : []),
  ]);
}

async function withSts<T>(sts: Sts, act: (sts: Sts) => Promise<T>): Promise<T> {
  try {
    return await act(sts);
  } finally {
    sts.web.close();
  }
}

/** @throws SlipwayError batch-source-denied */
async function ofProfile(profiles: Profiles, profile: Profile, sts: () => Sts, sources: Readonly<Record<string, Provider>>, left: number): Promise<Credentials | undefined> {
  const arn = profile.get("role_arn");
  const keys = keysIn((setting) => profile.get(setting));
  if (arn === undefined) return keys;
  const where = `the profile ${profile.name}`;
  if (left === 0) throw batchError("batch-source-denied", `${where}: roles lead to others without an end`, { where });
  if (profile.get("mfa_serial") !== undefined) throw batchError("batch-source-denied", `${where} asks for a code of somebody's device, which a run cannot give`, { where, hint: "aws configure export-credentials --format env gives credentials that can be used here." });
  const role = roleOf(arn, profile.get("role_session_name"), profile.get("external_id"), profile.get("duration_seconds"));
  const file = profile.get("web_identity_token_file");
  if (file !== undefined) return withSts(sts(), (s) => assumeByToken(s, role, file));
  const [name, source] = [profile.get("source_profile"), profile.get("credential_source")];
  const provider = source === undefined ? undefined : Object.hasOwn(sources, source) ? sources[source] : undefined;
  // A profile may be its own source: its keys are then those of whom takes the role on.
  const by = name === profile.name ? keys : name !== undefined ? await ofProfile(profiles, profiles.of(name), sts, sources, left - 1) : await provider?.();
  if (by === undefined) throw batchError("batch-source-denied", `${where} names a role, and nobody who may take it on`, { where, hint: "source_profile names a profile with credentials; credential_source is Environment, EcsContainer or Ec2InstanceMetadata." });
  return withSts(sts(), (s) => assumeBy(s, role, by));
}

function roleOf(arn: string, session: string | undefined, externalId?: string, seconds?: string): Role {
  if (!ARN.test(arn)) throw batchError("batch-source-denied", `${JSON.stringify(arn.slice(0, 100))} is no role's name`, { hint: "It is like arn:aws:iam::123456789012:role/NAME." });
  return { arn, session: session !== undefined && SESSION.test(session) ? session : `slipway-${process.pid}`, externalId, ...(seconds !== undefined && /^\d{3,5}$/.test(seconds) ? { seconds } : {}) };
}
/** @throws SlipwayError batch-source-address */
function stsAddress(env: Environment, region: string): URL {
  const given = text(env, "AWS_ENDPOINT_URL_STS") ?? text(env, "AWS_ENDPOINT_URL");
  const url = URL.parse(given ?? `https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`);
  if (url === null || !/^https?:$/.test(url.protocol)) throw batchError("batch-source-address", "the endpoint of the token service is no address", { hint: "AWS_ENDPOINT_URL_STS is like https://sts.eu-central-1.amazonaws.com." });
  return url;
}

// The files of AWS's tools (~/.aws/credentials and ~/.aws/config) and their profiles.
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { batchError } from "../../errors.ts";
import type { Credentials } from "./credentials.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const MAX_FILE = 2 ** 20;

export interface Profile {
  readonly name: string;
  /** By name; what is set in below a name is `name.inner`. The file of credentials comes before that of settings. */
  get(setting: string): string | undefined;
}
export interface Profiles {
  /** The one that is to be used. */
  readonly own: Profile;
  /** @throws SlipwayError batch-source-denied */
  of(name: string): Profile;
}

/** @throws SlipwayError batch-source-denied where a profile is named that is not there */
export function readProfiles(env: Environment, home: string = homedir()): Profiles {
  const secrets = readSections(text(env, "AWS_SHARED_CREDENTIALS_FILE") ?? join(home, ".aws", "credentials"));
  const settings = readSections(text(env, "AWS_CONFIG_FILE") ?? join(home, ".aws", "config"));
  const find = (name: string): Profile | undefined => {
    const sections = [secrets.get(name), settings.get(`profile ${name}`) ?? (name === "default" ? settings.get(name) : undefined)].filter((s) => s !== undefined);
    return sections.length === 0 ? undefined : { name, get: (setting) => sections.find((s) => s.has(setting))?.get(setting) };
  };
  const of = (name: string): Profile => {
    const found = find(name);
    if (found === undefined) throw batchError("batch-source-denied", `there is no profile ${JSON.stringify(name.slice(0, 100))} in AWS's files`, { hint: "AWS_PROFILE names it; AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name the files." });
    return found;
  };
  const given = text(env, "AWS_PROFILE");
  return { own: given === undefined ? find("default") ?? { name: "default", get: () => undefined } : of(given), of };
}

export function text(env: Environment, name: string): string | undefined {
  return env[name] === "" ? undefined : env[name];
}
export function keysIn(get: (setting: string) => string | undefined): Credentials | undefined {
  const [accessKeyId, secretAccessKey, sessionToken] = [get("aws_access_key_id"), get("aws_secret_access_key"), get("aws_session_token")];
  return accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}
export function readText(path: string): string | undefined {
  try {
    const found = readFileSync(path, "utf8");
    return found.length > MAX_FILE ? undefined : found;
  } catch {
    return undefined;
  }
}

type Section = ReadonlyMap<string, string>;
/** [section], name = value. */
function readSections(path: string): ReadonlyMap<string, Section> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let outer = "";
  for (const line of (readText(path) ?? "").split(/\r?\n/)) {
    const head = /^\s*\[([^\]]*)\]/.exec(line);
    const pair = /^(\s*)([^=#;[]+?)\s*=\s*(.*?)\s*$/.exec(line);
    if (head !== null) sections.set(head[1]!.trim(), section = sections.get(head[1]!.trim()) ?? new Map<string, string>());
    else if (pair !== null && section !== undefined) {
      const [, indent, name, value] = pair;
      if (indent === "") {
        outer = name!;
        if (value !== "") section.set(name!, value!);
      } else section.set(`${outer}.${name!}`, value!);
    }
  }
  return sections;
}

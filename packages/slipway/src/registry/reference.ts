// References to versions: NAME (the newest), NAME:3, NAME@ALIAS, NAME@sha256:DIGEST.

import { checkName } from "@slipway/core/package";
import { registryError } from "./errors.ts";

export const LATEST = "latest";
const ALIAS = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const REFERENCE = /^([A-Za-z0-9][A-Za-z0-9._-]{0,127})(?::(\d{1,9})|@(.+))?$/s;

export interface Reference {
  readonly model: string;
  readonly version?: number;
  /** Also `latest`. */
  readonly alias?: string;
  readonly digest?: string;
}

/** Whether a text has the form of a reference that is more than a bare name. */
export function looksLikeReference(text: string): boolean {
  const found = REFERENCE.exec(text);
  return found !== null && (found[2] !== undefined || found[3] !== undefined);
}

/** @throws registry-reference */
export function parseReference(text: string): Reference {
  const found = REFERENCE.exec(text);
  const [, model, number, named] = found ?? [];
  if (model !== undefined && number !== undefined && Number(number) > 0) return { model, version: Number(number) };
  if (model !== undefined && number === undefined) {
    if (named === undefined) return { model, alias: LATEST };
    if (DIGEST.test(named)) return { model, digest: named };
    if (ALIAS.test(named)) return { model, alias: named };
  }
  throw registryError("registry-reference", `${JSON.stringify(text.slice(0, 150))} is not a reference to a version`, { hint: "Write NAME, NAME:3, NAME@production or NAME@sha256:DIGEST." });
}

/** @throws registry-alias-name */
export function checkAlias(alias: string): void {
  if (ALIAS.test(alias) && alias !== LATEST) return;
  throw registryError("registry-alias-name", alias === LATEST ? `${LATEST} always is the newest version` : `${JSON.stringify(alias.slice(0, 100))} cannot be an alias`, {
    hint: "Use letters, digits, '.', '_' and '-', beginning with a letter: production, staging, canary-eu." });
}

/** @throws package-name */
export function checkModel(model: string): void {
  checkName(model);
}

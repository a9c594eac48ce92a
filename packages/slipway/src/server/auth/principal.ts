// Who asks, and what they may do.

import type { Action } from "../http/routing-table.ts";

export type Role = "viewer" | "predictor" | "developer" | "reviewer" | "operator" | "admin";

/** What each role may do; `open` is for everyone. */
export const ROLES: Readonly<Record<Role, readonly Action[]>> = {
  viewer: ["read", "observe"],
  predictor: ["read", "predict", "feedback"],
  developer: ["read", "observe", "predict", "feedback", "comment", "offer"],
  reviewer: ["read", "observe", "predict", "feedback", "comment", "review"],
  operator: ["read", "observe", "predict", "feedback", "comment", "release", "operate"],
  admin: ["read", "observe", "predict", "feedback", "comment", "offer", "review", "release", "govern", "operate", "admin"],
};
export const ROLE_NAMES: readonly Role[] = Object.keys(ROLES) as Role[];

export function isRole(name: unknown): name is Role {
  return typeof name === "string" && Object.hasOwn(ROLES, name);
}

export interface Principal {
  /** For logs, audit and limits: never the secret. */
  readonly id: string;
  /**
   * Whose it is, for what people answer for: the same name is the same person, whatever key, token or certificate they
   * show. Without a name, the id.
   */
  readonly person: string;
  readonly roles: readonly Role[];
  /** Parts of the organisation that they speak for: "business", "operations". */
  readonly groups: readonly string[];
  readonly kind: "anonymous" | "key" | "token" | "certificate";
  readonly actions: ReadonlySet<Action>;
  /** Names of the models they may use; all where it is undefined. A name may end in `*`. */
  readonly models?: readonly string[] | undefined;
}

export function actionsOf(roles: readonly Role[]): ReadonlySet<Action> {
  return new Set<Action>(["open", ...roles.flatMap((role) => ROLES[role])]);
}

/** A principal with these roles. */
export function principalOf(fields: Pick<Principal, "id" | "kind" | "roles"> & { readonly name?: string | undefined; readonly groups?: readonly string[] | undefined; readonly models?: readonly string[] | undefined }): Principal {
  const { id, kind, roles, name = "", groups = [], models } = fields;
  return { id, kind, roles, groups, person: name.trim() === "" ? id : name.trim().slice(0, 200), actions: actionsOf(roles), ...(models === undefined ? {} : { models }) };
}

/** A group's name. */
export const GROUP: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export function mayUse(principal: Principal, model: string): boolean {
  return principal.models === undefined || principal.models.some((name) => (name.endsWith("*") ? model.startsWith(name.slice(0, -1)) : name === model));
}

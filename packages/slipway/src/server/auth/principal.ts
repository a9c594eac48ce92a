// Who asks, and what they may do.

import type { Action } from "../http/routing-table.ts";

export type Role = "viewer" | "predictor" | "developer" | "reviewer" | "operator" | "admin";

/** What each role may do; `open` is for everyone. */
export const ROLES: Readonly<Record<Role, readonly Action[]>> = {
  viewer: ["read", "observe"],
  predictor: ["read", "predict", "feedback"],
  developer: ["read", "observe", "predict", "feedback"],
  reviewer: ["read", "observe", "predict", "feedback"],
  operator: ["read", "observe", "predict", "feedback", "operate"],
  admin: ["read", "observe", "predict", "feedback", "operate", "admin"],
};
export const ROLE_NAMES: readonly Role[] = Object.keys(ROLES) as Role[];

export function isRole(name: unknown): name is Role {
  return typeof name === "string" && Object.hasOwn(ROLES, name);
}

export interface Principal {
  /** For logs, audit and limits: never the secret. */
  readonly id: string;
  readonly kind: "anonymous" | "key" | "token" | "certificate";
  readonly actions: ReadonlySet<Action>;
  /** Names of the models they may use; all where it is undefined. A name may end in `*`. */
  readonly models?: readonly string[] | undefined;
}

export function actionsOf(roles: readonly Role[]): ReadonlySet<Action> {
  return new Set<Action>(["open", ...roles.flatMap((role) => ROLES[role])]);
}

export function mayUse(principal: Principal, model: string): boolean {
  return principal.models === undefined || principal.models.some((name) => (name.endsWith("*") ? model.startsWith(name.slice(0, -1)) : name === model));
}

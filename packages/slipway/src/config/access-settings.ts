// The settings of `slipway serve` that say who may ask, and how much.

const settings = {
  keys: { type: "text", value: "FILE", help: "API keys (slipway keys create); whoever has none may then ask for health only" },
  oidcIssuer: { type: "text", value: "URL", help: "take tokens of this OpenID Connect provider; needs an audience" },
  oidcAudience: { type: "text", value: "NAME", help: "the audience that tokens must be made for" },
  oidcJwks: { type: "text", value: "URL|FILE", help: "the keys of tokens, where the provider's discovery is not to be asked" },
  oidcRoles: { type: "text", value: "CLAIM", help: "the claim that holds roles; roles, then scope, by default" },
  oidcGroups: { type: "text", value: "CLAIM", help: "the claim that holds groups; groups by default" },
  oidcPerson: { type: "text", value: "CLAIM", help: "the claim that names the person, such as email; sub by default" },
  oidcDefaultRole: { type: "choice", choices: ["viewer", "predictor", "developer", "reviewer", "operator", "admin"], value: "ROLE", help: "role of tokens that name none; without it they may do nothing" },
  clientRole: { type: "texts", value: "NAME=ROLE", help: "role of the client certificate with this common name; * for all" },
  anonymous: { type: "choice", choices: ["nobody", "viewer", "predictor", "developer", "reviewer", "operator", "admin"], value: "ROLE", help: "what somebody without credentials may be; nobody where there are keys or tokens" },
  rateLimit: { type: "count", min: 1, max: 1_000_000_000, value: "N", help: "requests a second for each client" },
  quotaRows: { type: "count", min: 1, max: 1_000_000_000_000, value: "N", help: "rows a day for each client" },
  quotaTokens: { type: "count", min: 1, max: 1_000_000_000_000, value: "N", help: "tokens a day that each client may have language models read and write" },
  corsOrigin: { type: "texts", value: "ORIGIN", help: "an origin whose pages may ask, such as https://app.example, or * for any" },
  adminPort: { type: "count", min: 0, max: 65_535, value: "PORT", help: "take acts of administration on this port of 127.0.0.1 (0: any free one); closed by default" },
  auditLog: { type: "text", value: "FILE", help: "add every act of administration to this file" },
} as const;

export const ACCESS_SETTINGS: typeof settings = settings;

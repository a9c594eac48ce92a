// The settings of `slipway up` beside those of `slipway serve`: how browsers reach it and how people sign in.

const settings = {
  publicUrl: { type: "text", value: "URL", pattern: "https?://[^/]+/?", help: "of `slipway up`: its address as browsers see it, where that is not what they ask for, as behind a proxy" },
  follow: { type: "duration", min: 100, max: 3_600_000, default: 1000, value: "TIME", help: "of `slipway up`: how often to look for aliases that moved" },
  oidcClient: { type: "text", value: "ID", help: "of `slipway up`: let people sign in with the OpenID Connect provider, which knows this service by that id" },
  oidcClientSecret: { type: "text", value: "SECRET", secret: true, help: "the client's secret, where it has one; better given as SLIPWAY_OIDC_CLIENT_SECRET" },
  oidcScope: { type: "texts", value: "NAME", help: "a scope to ask for beside openid, such as the one that brings groups" },
  oidcName: { type: "text", value: "TEXT", help: "what the button to sign in calls the provider" },
} as const;

export const DASHBOARD_SETTINGS: typeof settings = settings;

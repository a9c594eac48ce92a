// Addresses of the HTTP interface and of the dashboard's own pages.

const part = encodeURIComponent;
export const API = "/api/v1";

export const api = {
  me: `${API}/me`,
  keys: `${API}/me/keys`,
  session: `${API}/session`,
  signIn: `${API}/sign-in`,
  models: `${API}/models`,
  model: (name: string) => `${API}/models/${part(name)}`,
  versions: (name: string) => `${API}/models/${part(name)}/versions`,
  version: (name: string, version: number) => `${API}/models/${part(name)}/versions/${version}`,
  alias: (name: string, alias: string) => `${API}/models/${part(name)}/aliases/${part(alias)}`,
  served: "/models",
  catalogue: (name: string) => `/models/${part(name)}/catalogue`,
  requests: `${API}/requests`,
  request: (id: string) => `${API}/requests/${part(id)}`,
  monitor: `${API}/monitor`,
  monitorOf: (name: string) => `${API}/monitor/models/${part(name)}`,
  rollouts: `${API}/rollouts`,
  rollout: (id: string) => `${API}/rollouts/${part(id)}`,
  retrains: `${API}/retrains`,
  retrain: (id: string) => `${API}/retrains/${part(id)}`,
  rollback: (name: string, alias?: string) => `${API}/models/${part(name)}/rollback${alias === undefined ? "" : `?alias=${part(alias)}`}`,
  audit: `${API}/audit`,
  apiKeys: `${API}/api-keys`,
  schedules: `${API}/schedules`,
  schedule: (name: string) => `${API}/schedules/${part(name)}`,
  scheduleRuns: (name: string) => `${API}/schedules/${part(name)}/runs`,
  scheduleRun: (name: string, run: string) => `${API}/schedules/${part(name)}/runs/${part(run)}`,
  webhooks: `${API}/webhooks`,
  deliveries: (id: string) => `${API}/webhooks/${part(id)}/deliveries`,
} as const;

export const ROOT = "/dashboard";
export const page = {
  models: `${ROOT}/models`,
  offer: `${ROOT}/offer`,
  model: (name: string) => `${ROOT}/models/${part(name)}`,
  version: (name: string, version: number, tab = "") => `${ROOT}/models/${part(name)}/versions/${version}${tab === "" ? "" : `/${tab}`}`,
  catalogue: (name: string) => `${ROOT}/models/${part(name)}/catalogue`,
  approvals: `${ROOT}/approvals`,
  request: (id: string) => `${ROOT}/approvals/${part(id)}`,
  monitoring: `${ROOT}/monitoring`,
  monitoringOf: (name: string, version?: string) => withQuery(`${ROOT}/models/${part(name)}/monitoring`, { version }),
  rollouts: `${ROOT}/rollouts`,
  rollout: (id: string) => `${ROOT}/rollouts/${part(id)}`,
  retrains: `${ROOT}/retrains`,
  retrain: (id: string) => `${ROOT}/retrains/${part(id)}`,
  audit: `${ROOT}/audit`,
  batch: `${ROOT}/batch`,
  schedule: (name: string) => `${ROOT}/batch/${part(name)}`,
  run: (name: string, run: string) => `${ROOT}/batch/${part(name)}/${part(run)}`,
  webhooks: `${ROOT}/webhooks`,
  webhook: (id: string) => `${ROOT}/webhooks/${part(id)}`,
  keys: `${ROOT}/keys`,
  account: `${ROOT}/account`,
  signIn: `${ROOT}/sign-in`,
} as const;

export function withQuery(path: string, query: Readonly<Record<string, string | number | null | undefined>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString()}`;
}

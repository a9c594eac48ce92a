// What a run sees of the server's environment: all that it may need to read files, buckets and databases, but none of the
// server's own secrets.

const OWN = /^_?SLIPWAY_.*(?:KEY|SECRET|PASSWORD|TOKEN|DATABASE_URL)/;

export function isOwnSecret(name: string): boolean {
  return OWN.test(name);
}
export function runEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined || isOwnSecret(name) ? [] : [[name, value]])));
}

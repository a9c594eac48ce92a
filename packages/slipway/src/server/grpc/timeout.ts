// The header grpc-timeout: up to eight digits and a unit.

const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000001 };

/** Milliseconds; undefined where there is none or it is malformed, as other servers take it. */
export function readGrpcTimeout(header: string | string[] | undefined): number | undefined {
  if (typeof header !== "string" || !/^\d{1,8}[HMSmun]$/.test(header)) return undefined;
  return Number(header.slice(0, -1)) * UNITS[header.at(-1)!]!;
}

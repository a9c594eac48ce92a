// Who is at the other end of an encrypted connection: the subject of the certificate that it showed and that our
// certificate authority vouches for.

import type { DetailedPeerCertificate, TLSSocket } from "node:tls";

export interface Peer {
  /** As one line: CN=..., O=... */
  readonly subject: string;
  readonly commonName: string | undefined;
  /** DNS:..., URI:... (SPIFFE ids), email:... */
  readonly alternativeNames: readonly string[];
  /** SHA-256 of the certificate, in hexadecimal with colons. */
  readonly fingerprint: string;
}

/** Once a connection. */
const known = new WeakMap<object, Peer | null>();

/** Undefined where the connection is plain, or nobody vouched for a certificate. */
export function peerOf(socket: object | null | undefined): Peer | undefined {
  if (socket === null || socket === undefined || (socket as Partial<TLSSocket>).encrypted !== true) return undefined;
  const { authorized } = socket as TLSSocket;
  let peer = known.get(socket);
  if (peer === undefined) known.set(socket, (peer = authorized ? read((socket as TLSSocket).getPeerCertificate()) : null));
  return peer ?? undefined;
}

function read(certificate: Pick<DetailedPeerCertificate, "subject" | "subjectaltname" | "fingerprint256">): Peer | null {
  const { subject } = certificate;
  if (subject === undefined) return null;
  const names = subject as unknown as Readonly<Record<string, string | string[]>>;
  const common = names["CN"];
  return {
    subject: Object.entries(names).flatMap(([key, value]) => [value].flat().map((v) => `${key}=${v}`)).join(", "),
    commonName: Array.isArray(common) ? common[0] : common,
    alternativeNames: certificate.subjectaltname?.split(", ") ?? [],
    fingerprint: certificate.fingerprint256,
  };
}

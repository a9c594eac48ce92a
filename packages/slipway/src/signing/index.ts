export { createKeyFiles, readAnyPublicKey, readCertificateFiles, readSigningKeyFile, readTrustedKeys } from "./key-files.ts";
export { filesOf } from "./folder-files.ts";
export { signingFileError } from "./errors.ts";
export { signArtifact, signManifest } from "./sign-artifact.ts";

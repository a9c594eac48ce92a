export { asBytes, MAX_MESSAGE_BYTES, protobufError, ProtoWriter, readFields, readVarint, type ProtoField } from "./protobuf.ts";
export { sniffFormat, type FileFormat } from "./sniff.ts";
export { readTar, safePath, tarError, writeTar, type TarEntry, type TarLimits } from "./tar.ts";
export { compressionError, type ExpansionLimits } from "./bounded-output.ts";
export { inflateZlib } from "./inflate.ts";

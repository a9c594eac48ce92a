export { asBytes, MAX_MESSAGE_BYTES, protobufError, ProtoWriter, readFields, readVarint, type ProtoField } from "./protobuf.ts";
export { sniffFormat, type FileFormat } from "./sniff.ts";

export { asBytes, MAX_MESSAGE_BYTES, protobufError, ProtoWriter, readFields, readVarint, type ProtoField } from "./protobuf.ts";

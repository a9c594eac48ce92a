// Message types and services as google.protobuf.FileDescriptorProto, which is what gRPC reflection hands to clients:
// https://github.com/protocolbuffers/protobuf/blob/main/src/google/protobuf/descriptor.proto

import type { GrpcService } from "../method.ts";
import { encodeMessage } from "./encode.ts";
import { empty, many, maybe, message, one, type EnumType, type Field, type FieldType, type MessageType } from "./schema.ts";

/** One .proto file: everything of one package. */
export interface ProtoFile {
  readonly name: string;
  readonly package: string;
  readonly types: readonly (MessageType | EnumType)[];
  readonly services: readonly GrpcService[];
  /** Names of the files of other packages that it uses. */
  readonly dependencies: readonly string[];
}

interface Draft {
  readonly [name: string]: unknown;
}
const any = (number: number, type: MessageType): ReturnType<typeof many> => many(number, type) as ReturnType<typeof many>;

const FieldDescriptor = message<Draft>("google.protobuf.FieldDescriptorProto", {
  name: maybe(1, "string"), number: maybe(3, "int32"), label: maybe(4, "int32"), type: maybe(5, "int32"), type_name: maybe(6, "string"),
  oneof_index: maybe(9, "int32"), json_name: maybe(10, "string"),
});
const EnumDescriptor = message<Draft>("google.protobuf.EnumDescriptorProto", {
  name: maybe(1, "string"), value: any(2, message<Draft>("google.protobuf.EnumValueDescriptorProto", { name: maybe(1, "string"), number: maybe(2, "int32") })),
});
const MessageOptions = message<Draft>("google.protobuf.MessageOptions", { map_entry: one(7, "bool") });
const OneofDescriptor = message<Draft>("google.protobuf.OneofDescriptorProto", { name: maybe(1, "string") });
/** A message may hold messages: two levels are more than any of ours has. */
function messageDescriptor(depth: number): MessageType {
  return message<Draft>("google.protobuf.DescriptorProto", {
    name: maybe(1, "string"), field: any(2, FieldDescriptor), ...(depth > 0 ? { nested_type: any(3, messageDescriptor(depth - 1)) } : {}),
    enum_type: any(4, EnumDescriptor), options: maybe(7, MessageOptions), oneof_decl: any(8, OneofDescriptor),
  });
}
const MethodDescriptor = message<Draft>("google.protobuf.MethodDescriptorProto", {
  name: maybe(1, "string"), input_type: maybe(2, "string"), output_type: maybe(3, "string"), client_streaming: one(5, "bool"), server_streaming: one(6, "bool"),
});
const FileDescriptor = message<Draft>("google.protobuf.FileDescriptorProto", {
  name: maybe(1, "string"), package: maybe(2, "string"), dependency: many(3, "string"), message_type: any(4, messageDescriptor(3)), enum_type: any(5, EnumDescriptor),
  service: any(6, message<Draft>("google.protobuf.ServiceDescriptorProto", { name: maybe(1, "string"), method: any(2, MethodDescriptor) })), syntax: maybe(12, "string"),
});

const SCALARS: Readonly<Record<string, number>> = { double: 1, float: 2, int64: 3, uint64: 4, int32: 5, bool: 8, string: 9, bytes: 12, uint32: 13 };
const MESSAGE = 11;
const ENUM = 14;

/** The file as bytes of a FileDescriptorProto. */
export function encodeFile(file: ProtoFile): Buffer {
  const within = file.package === "" ? "" : `${file.package}.`;
  const nested = new Map<string, (MessageType | EnumType)[]>();
  const place = (type: MessageType | EnumType): void => {
    const path = type.name.slice(within.length);
    const parent = path.includes(".") ? type.name.slice(0, type.name.lastIndexOf(".")) : "";
    // A message that is there for those inside it only.
    if (parent !== "" && !known.has(parent)) {
      known.add(parent);
      place(empty(parent));
    }
    nested.set(parent, [...(nested.get(parent) ?? []), type]);
  };
  const known = new Set(file.types.map((t) => t.name));
  for (const type of file.types) place(type);
  const at = (parent: string): (MessageType | EnumType)[] => nested.get(parent) ?? [];
  const messages = (parent: string): object[] => at(parent).filter((t) => t.kind === "message").map((t) => describe(t));
  const enums = (parent: string): object[] => at(parent).filter((t) => t.kind === "enum").map((t) => ({ name: last(t.name), value: Object.entries(t.values).map(([name, number]) => ({ name, number })) }));
  const describe = (type: MessageType): object => {
    const oneofs = [...new Set(type.fields.flatMap((f) => (f.oneof === undefined ? [] : [f.oneof])))];
    const entries = type.fields.filter((f) => f.cardinality === "map").map((f) => ({
      name: entryName(f), field: [plain("key", 1, f.key!), plain("value", 2, f.type)], options: { map_entry: true },
    }));
    return {
      name: last(type.name),
      field: type.fields.map((f) => (f.cardinality === "map"
        ? { name: f.name, number: f.number, label: 3, type: MESSAGE, type_name: `.${type.name}.${entryName(f)}`, json_name: jsonName(f.name) }
        : { ...plain(f.name, f.number, f.type), label: f.cardinality === "many" ? 3 : 1, ...(f.oneof === undefined ? {} : { oneof_index: oneofs.indexOf(f.oneof) }) })),
      nested_type: [...messages(type.name), ...entries], enum_type: enums(type.name), oneof_decl: oneofs.map((name) => ({ name })),
    };
  };
  const services = file.services.map((s) => ({
    name: last(s.name),
    method: s.methods.map((m) => ({ name: m.name, input_type: `.${m.request.name}`, output_type: `.${m.response.name}`, client_streaming: m.kind === "bidi", server_streaming: m.kind !== "unary" })),
  }));
  return encodeMessage(FileDescriptor, { name: file.name, package: file.package, dependency: file.dependencies, message_type: messages(""), enum_type: enums(""), service: services, syntax: "proto3" } as never);
}

function plain(name: string, number: number, type: FieldType): object {
  const common = { name, number, label: 1, json_name: jsonName(name) };
  return typeof type === "string" ? { ...common, type: SCALARS[type] } : { ...common, type: type.kind === "enum" ? ENUM : MESSAGE, type_name: `.${type.name}` };
}
function last(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
/** As protoc names them. */
function jsonName(name: string): string {
  return name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
}
function entryName(field: Field): string {
  return `${field.name.split("_").map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("")}Entry`;
}

/** Public files by the package of what they hold, for types that services of other packages use. */
const SHARED: Readonly<Record<string, string>> = { tensorflow: "tensorflow/core/framework.proto", "tensorflow.error": "tensorflow/core/protobuf/error_codes.proto", "google.protobuf": "google/protobuf/well_known.proto" };

/** A file for every source, and one for every other package whose types they use. */
export interface ProtoSource {
  /** As the public .proto file is called. */
  readonly name: string;
  readonly package: string;
  readonly services: readonly GrpcService[];
  /** Types that no method names: they come inside an Any. */
  readonly more?: readonly MessageType[];
}
export function describeFiles(sources: readonly ProtoSource[]): readonly ProtoFile[] {
  const files = new Map<string, { name: string; types: (MessageType | EnumType)[]; services: readonly GrpcService[] }>();
  for (const { name, package: within, services } of sources) files.set(within, { name, types: [], services });
  for (const within of Object.keys(SHARED)) files.set(within, { name: SHARED[within]!, types: [], services: [] });
  // The longest package first: tensorflow.serving before tensorflow.
  const packages = [...files.keys()].sort((a, b) => b.length - a.length);
  const packageOf = (type: string): string => packages.find((p) => type.startsWith(`${p}.`))!;
  for (const type of typesOf(sources)) files.get(packageOf(type.name))!.types.push(type);
  return [...files].filter(([, file]) => file.types.length > 0).map(([within, { name, types, services }]) => {
    const used = [...types.flatMap((t) => (t.kind === "message" ? t.fields.map((f) => f.type) : [])), ...services.flatMap((s) => s.methods.flatMap((m) => [m.request, m.response]))];
    const others = new Set(used.flatMap((t) => (typeof t === "string" || packageOf(t.name) === within ? [] : [files.get(packageOf(t.name))!.name])));
    return { name, package: within, types, services, dependencies: [...others] };
  });
}

/** Every type that is reached, those of other packages too. */
function typesOf(sources: readonly ProtoSource[]): readonly (MessageType | EnumType)[] {
  const found = new Map<string, MessageType | EnumType>();
  const walk = (type: FieldType): void => {
    if (typeof type === "string" || found.has(type.name)) return;
    found.set(type.name, type);
    if (type.kind === "message") for (const field of type.fields) walk(field.type);
  };
  for (const { services, more = [] } of sources) {
    for (const { request, response } of services.flatMap((s) => s.methods)) {
      walk(request);
      walk(response);
    }
    for (const type of more) walk(type);
  }
  return [...found.values()];
}

// grpc.reflection.v1.ServerReflection, and v1alpha, which is the same under another name: clients such as grpcurl learn
// from it what can be asked. https://github.com/grpc/grpc/blob/master/doc/server-reflection.md

import { bidi, type GrpcService } from "../method.ts";
import { encodeFile, type ProtoFile } from "../protobuf/descriptor.ts";
import { many, maybe, message, one, type Draft, type MessageType } from "../protobuf/schema.ts";
import { GRPC } from "../status.ts";

interface Request {
  readonly host: string;
  readonly file_by_filename: string | undefined;
  readonly file_containing_symbol: string | undefined;
  readonly file_containing_extension: { readonly containing_type: string; readonly extension_number: number } | undefined;
  readonly all_extension_numbers_of_type: string | undefined;
  readonly list_services: string | undefined;
}
interface Response {
  readonly valid_host: string;
  readonly original_request: Request | undefined;
  readonly file_descriptor_response: { readonly file_descriptor_proto: readonly Uint8Array[] } | undefined;
  readonly list_services_response: { readonly service: readonly { readonly name: string }[] } | undefined;
  readonly error_response: { readonly error_code: number; readonly error_message: string } | undefined;
}

function messages(prefix: string): [MessageType<Request>, MessageType<Response>] {
  const choice = "message_request";
  const request = message<Request>(`${prefix}.ServerReflectionRequest`, {
    host: one(1, "string"), file_by_filename: maybe(3, "string", choice), file_containing_symbol: maybe(4, "string", choice),
    file_containing_extension: maybe(5, message<NonNullable<Request["file_containing_extension"]>>(`${prefix}.ExtensionRequest`, { containing_type: one(1, "string"), extension_number: one(2, "int32") }), choice),
    all_extension_numbers_of_type: maybe(6, "string", choice), list_services: maybe(7, "string", choice),
  });
  const answer = "message_response";
  const service = message<{ readonly name: string }>(`${prefix}.ServiceResponse`, { name: one(1, "string") });
  const response = message<Response>(`${prefix}.ServerReflectionResponse`, {
    valid_host: one(1, "string"), original_request: maybe(2, request),
    file_descriptor_response: maybe(4, message<{ readonly file_descriptor_proto: readonly Uint8Array[] }>(`${prefix}.FileDescriptorResponse`, { file_descriptor_proto: many(1, "bytes") }), answer),
    list_services_response: maybe(6, message<{ readonly service: readonly { readonly name: string }[] }>(`${prefix}.ListServiceResponse`, { service: many(1, service) }), answer),
    error_response: maybe(7, message<{ readonly error_code: number; readonly error_message: string }>(`${prefix}.ErrorResponse`, { error_code: one(1, "int32"), error_message: one(2, "string") }), answer),
  });
  return [request, response];
}

/** `files`: everything that can be asked of this server. */
export function reflectionService(version: "v1" | "v1alpha", files: () => readonly ProtoFile[]): GrpcService {
  const prefix = `grpc.reflection.${version}`;
  const [request, response] = messages(prefix);
  let known: ReadonlyMap<string, Uint8Array> | undefined;
  const encoded = (): ReadonlyMap<string, Uint8Array> => (known ??= new Map(files().map((f) => [f.name, encodeFile(f)])));
  return {
    name: `${prefix}.ServerReflection`,
    methods: [bidi("ServerReflectionInfo", "read", request, response, async function* (_call, requests) {
      for await (const asked of requests) yield { valid_host: asked.host, original_request: asked, ...answer(asked) };
    })],
  };

  /** A file, then those it uses. */
  function withDependencies(name: string): readonly string[] {
    const names = [name];
    for (let i = 0; i < names.length; i++) for (const other of files().find((f) => f.name === names[i])?.dependencies ?? []) if (!names.includes(other)) names.push(other);
    return names;
  }
  function answer(asked: Request): Draft<Response> {
    if (asked.list_services !== undefined) return { list_services_response: { service: files().flatMap((f) => f.services).map(({ name }) => ({ name })) } };
    const name = asked.file_by_filename ?? files().find((f) => holds(f, asked.file_containing_symbol))?.name;
    if (name !== undefined && encoded().has(name)) return { file_descriptor_response: { file_descriptor_proto: withDependencies(name).map((n) => encoded().get(n)!) } };
    const what = asked.file_by_filename ?? asked.file_containing_symbol ?? asked.all_extension_numbers_of_type ?? "that";
    return { error_response: { error_code: GRPC.NOT_FOUND, error_message: `nothing here is called ${JSON.stringify(what.slice(0, 200))}` } };
  }
}

function holds(file: ProtoFile, symbol: string | undefined): boolean {
  if (symbol === undefined) return false;
  return file.types.some((t) => t.name === symbol || (t.kind === "message" && t.fields.some((f) => `${t.name}.${f.name}` === symbol)))
    || file.services.some((s) => s.name === symbol || s.methods.some((m) => `${s.name}.${m.name}` === symbol));
}

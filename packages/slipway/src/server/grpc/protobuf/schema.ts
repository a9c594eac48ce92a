// Protocol Buffers message types as plain data: what the reader, the writer and the descriptors for gRPC reflection are
// driven by. The fields' names are those of the public .proto files, so that a message is what its documentation says.
// https://protobuf.dev/programming-guides/encoding, syntax proto3: a field that is not sent has its default value.

export type ScalarType = "double" | "float" | "int32" | "int64" | "uint32" | "uint64" | "bool" | "string" | "bytes";
/** 64-bit integers are numbers where those are exact. */
export type Int64 = number | bigint;

export interface EnumType {
  readonly kind: "enum";
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}
export interface MessageType<T = unknown> {
  readonly kind: "message";
  /** With its package; messages inside messages have theirs between. */
  readonly name: string;
  readonly fields: readonly Field[];
  readonly byNumber: readonly (Field | undefined)[];
  /** A message without any field sent. */
  readonly make: () => T;
}
export type FieldType = ScalarType | EnumType | MessageType;

/** `one`: has a default. `maybe`: undefined when not sent. */
export type Cardinality = "one" | "maybe" | "many" | "map";

export interface FieldSpec<T> {
  readonly number: number;
  readonly type: FieldType;
  readonly cardinality: Cardinality;
  /** Of a map. */
  readonly key?: ScalarType;
  readonly oneof?: string;
  /** Only for the compiler. */
  readonly value?: T;
}
export interface Field extends FieldSpec<unknown> {
  readonly name: string;
}

interface ScalarValues {
  double: number; float: number; int32: number; uint32: number; int64: Int64; uint64: Int64; bool: boolean; string: string; bytes: Uint8Array;
}
export type ValueOf<F> = F extends ScalarType ? ScalarValues[F] : F extends EnumType ? number : F extends MessageType<infer T> ? T : never;
/** Packed numbers may be a typed array. */
export type ListOf<F> = F extends "string" | "bytes" | MessageType ? readonly ValueOf<F>[] : ArrayLike<ValueOf<F>>;

export function one<const F extends ScalarType | EnumType>(number: number, type: F): FieldSpec<ValueOf<F>> {
  return { number, type, cardinality: "one" };
}
/** A message, or a member of a oneof. */
export function maybe<const F extends FieldType>(number: number, type: F, oneof?: string): FieldSpec<ValueOf<F> | undefined> {
  return { number, type, cardinality: "maybe", ...(oneof === undefined ? {} : { oneof }) };
}
export function many<const F extends FieldType>(number: number, type: F): FieldSpec<ListOf<F>> {
  return { number, type, cardinality: "many" };
}
export function map<const K extends "string" | "int64" | "int32", const F extends FieldType>(number: number, key: K, type: F): FieldSpec<ReadonlyMap<ValueOf<K>, ValueOf<F>>> {
  return { number, type, cardinality: "map", key };
}

export function enumeration(name: string, values: Readonly<Record<string, number>>): EnumType {
  return { kind: "enum", name, values };
}

const NOTHING: readonly never[] = Object.freeze([]);
const NO_ENTRIES: ReadonlyMap<unknown, unknown> = new Map();
const NO_BYTES = new Uint8Array(0);

/** `fields` in the order in which they are written. */
export function message<T>(name: string, fields: { readonly [K in keyof T]-?: FieldSpec<T[K]> }): MessageType<T> {
  const list: Field[] = Object.entries<FieldSpec<unknown>>(fields).map(([field, spec]) => ({ name: field, ...spec }));
  const byNumber: Field[] = [];
  for (const field of list) byNumber[field.number] = field;
  const defaults = list.map((field) => [field.name, defaultOf(field)] as const);
  return {
    kind: "message", name, fields: list, byNumber,
    make: () => {
      const made: Record<string, unknown> = {};
      for (const [field, value] of defaults) made[field] = value;
      return made as T;
    },
  };
}

function defaultOf(field: Field): unknown {
  switch (field.cardinality) {
    case "maybe": return undefined;
    case "many": return NOTHING;
    case "map": return NO_ENTRIES;
    case "one": return field.type === "string" ? "" : field.type === "bytes" ? NO_BYTES : field.type === "bool" ? false : 0;
  }
}

export type EmptyMessage = Readonly<Record<never, never>>;
/** A message without fields. */
export function empty(name: string): MessageType<EmptyMessage> {
  return message<EmptyMessage>(name, {});
}

/** What may be written: fields that are left out have their defaults. */
export type Draft<T> =
  T extends string | number | bigint | boolean | Uint8Array | undefined ? T
  : T extends ReadonlyMap<infer K, infer V> ? ReadonlyMap<K, Draft<V>>
  : T extends readonly (infer E)[] ? readonly Draft<E>[]
  : T extends ArrayLike<number> | ArrayLike<Int64> | ArrayLike<boolean> ? T
  : { readonly [K in keyof T]?: Draft<T[K]> | undefined };

// HDF5 (The HDF Group's file format specification, version 3): groups, attributes and arrays, read when they are asked for.
// Superblocks 0 to 3, object headers 1 and 2. Nothing is followed twice without being counted, so cycles end.

import { ByteReader } from "../../base/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import { readElements, readFilters, readLayout } from "./dataset.ts";
import { decode, readDataspace, readDatatype } from "./datatype.ts";
import { denseAttributes } from "./dense.ts";
import { damaged } from "./errors.ts";
import { readMembers } from "./group.ts";
import { MESSAGE, readHeader, type Message } from "./header.ts";
import { readSuperblock, Source } from "./source.ts";

/** A group or a dataset. */
export class Hdf5Object {
  readonly #source: Source;
  readonly #messages: readonly Message[];
  /** For errors: "/layers/dense". */
  readonly path: string;
  #members: Map<string, number> | undefined;

  constructor(source: Source, address: number, path: string) {
    this.#source = source;
    this.#messages = readHeader(source, address);
    this.path = path === "" ? "/" : path;
  }
  get isDataset(): boolean {
    return this.#messages.some((m) => m.type === MESSAGE.layout);
  }
  #links(): Map<string, number> {
    return (this.#members ??= readMembers(this.#source, this.#messages));
  }
  /** Names of a group's members, in the file's order. */
  keys(): string[] {
    return [...this.#links().keys()];
  }
  /** A member, or a member of a member: "layers/dense". */
  get(path: string): Hdf5Object | undefined {
    return path.split("/").filter((part) => part !== "").reduce<Hdf5Object | undefined>((at, part) => at?.member(part), this);
  }
  /** A direct member. */
  member(name: string): Hdf5Object | undefined {
    const address = this.isDataset ? undefined : this.#links().get(name);
    return address === undefined ? undefined : new Hdf5Object(this.#source, address, `${this.path === "/" ? "" : this.path}/${name}`);
  }
  /** A dataset's elements. */
  read(): Tensor {
    const find = (type: number, what: string): ByteReader => {
      const m = this.#messages.find((x) => x.type === type);
      if (!m) throw damaged(`${this.path} has no ${what}`, 0);
      return new ByteReader(this.#source.bytes, m.at, m.end);
    };
    const shape = readDataspace(this.#source, find(MESSAGE.dataspace, "data space")) ?? [0];
    const type = readDatatype(find(MESSAGE.datatype, "data type"));
    const filters = this.#messages.some((m) => m.type === MESSAGE.filters) ? readFilters(find(MESSAGE.filters, "filters")) : [];
    return readElements(this.#source, type, shape, readLayout(this.#source, find(MESSAGE.layout, "layout")), filters);
  }
  /** An attribute's value; undefined when there is none of this name. */
  attribute(name: string): Tensor | undefined {
    const source = this.#source;
    for (const m of this.#messages) {
      const r = new ByteReader(source.bytes, m.at, m.end);
      if (m.type === MESSAGE.attribute) {
        const found = readAttribute(source, r, name);
        if (found) return found;
      } else if (m.type === MESSAGE.attributeInfo) {
        r.take(1, "attributes");
        if (r.u8("attributes") & 1) r.take(2, "attributes");
        const heap = source.address(r, "attributes");
        if (heap === undefined) continue;
        for (const message of denseAttributes(source, heap, source.needed(r, "attributes"))) {
          const found = readAttribute(source, message, name);
          if (found) return found;
        }
      }
    }
    return undefined;
  }
}

function readAttribute(source: Source, r: ByteReader, wanted: string): Tensor | undefined {
  const at = r.offset;
  const version = r.u8("an attribute");
  if (version < 1 || version > 3) throw damaged(`an attribute has version ${version}`, at);
  r.take(1, "an attribute");
  const sizes = [r.u16("an attribute"), r.u16("an attribute"), r.u16("an attribute")] as const;
  if (version === 3) r.take(1, "an attribute");
  const padded = (n: number): number => (version === 1 ? Math.ceil(n / 8) * 8 : n);
  const name = r.slice(padded(sizes[0]), "an attribute's name");
  const end = name.indexOf(0);
  if (new TextDecoder().decode(end < 0 ? name : name.subarray(0, end)) !== wanted) return undefined;
  const typeAt = r.take(padded(sizes[1]), "an attribute's type");
  const spaceAt = r.take(padded(sizes[2]), "an attribute's space");
  const type = readDatatype(new ByteReader(source.bytes, typeAt, typeAt + sizes[1]));
  const shape = readDataspace(source, new ByteReader(source.bytes, spaceAt, spaceAt + sizes[2]));
  return decode(source, type, shape ?? [0], source.bytes.subarray(r.offset, r.end), at);
}

/** The root group. @throws hdf5-*, bytes-truncated */
export function readHdf5(bytes: Uint8Array): Hdf5Object {
  const source = new Source(bytes);
  return new Hdf5Object(source, readSuperblock(source), "");
}

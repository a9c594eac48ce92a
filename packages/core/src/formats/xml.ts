// XML 1.0 as model files use it: elements, attributes and text. Namespaces are cut off. There is no DOCTYPE and no entity
// beyond the five predefined ones and character references, so that nothing in a file expands or is fetched. The reader does not
// recurse, and is bounded in bytes, elements and depth.

import { defineErrors, type ErrorMaker } from "../base/index.ts";

const table = {
  "xml-malformed": { kind: "invalid", doc: "The file is not well-formed XML: it is cut off or damaged. The message gives the line." },
  "xml-doctype": { kind: "refused", doc: "The XML has a DOCTYPE or an entity of its own, which could expand without end or name other files. Model files need none: take it out." },
  "xml-too-large": { kind: "limit", doc: "The XML has more bytes, elements or levels than any model needs." },
} as const;
export const xmlError: ErrorMaker<typeof table> = defineErrors(table);

export interface XmlElement {
  /** Without its namespace prefix. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** All character data directly in it, joined. */
  readonly text: string;
  readonly line: number;
}
export interface XmlLimits {
  readonly bytes: number;
  readonly elements: number;
  readonly depth: number;
}
const LIMITS: XmlLimits = { bytes: 2 ** 28, elements: 8_000_000, depth: 10_000 };
const MOST_ATTRIBUTES = 1000;

interface Open {
  name: string;
  raw: string;
  attributes: ReadonlyMap<string, string>;
  children: XmlElement[];
  text: string;
  line: number;
}

const NAME = /[A-Za-z_:\u0080-\uffff][\w.:\u0080-\uffff-]*/y;
const SPACE = /[ \t\r\n]*/y;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const NONE: ReadonlyMap<string, string> = new Map();

/** The root element. @throws xml-malformed, xml-doctype, xml-too-large */
export function readXml(bytes: Uint8Array, limits: Partial<XmlLimits> = {}): XmlElement {
  const most = { ...LIMITS, ...limits };
  if (bytes.length > most.bytes) throw xmlError("xml-too-large", `the XML has ${bytes.length} bytes; ${most.bytes} are read at most`);
  return new Reader(decode(bytes), most).read();
}

function decode(bytes: Uint8Array): string {
  const head = String.fromCharCode(...bytes.subarray(0, 200));
  const declared = /^\s*(?:\u00ef\u00bb\u00bf)?<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(head)?.[1]?.toLowerCase() ?? "utf-8";
  const label = /^(?:utf-?8|us-ascii|ascii)$/.test(declared) ? "utf-8" : /^(?:iso-8859-\d{1,2}|latin1|windows-125\d)$/.test(declared) ? declared : undefined;
  if (label === undefined) throw xmlError("xml-malformed", `the XML says that its encoding is ${declared}`, { where: "line 1", hint: "Save it as UTF-8." });
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    throw xmlError("xml-malformed", `the XML is not ${label} text`, { hint: "Save it as UTF-8." });
  }
}

class Reader {
  readonly #text: string;
  readonly #limits: XmlLimits;
  #at = 0;
  /** Lines are counted as far as this. */
  #counted = 0;
  #line = 1;
  #elements = 0;

  constructor(text: string, limits: XmlLimits) {
    this.#text = text;
    this.#limits = limits;
  }

  read(): XmlElement {
    const text = this.#text;
    const open: Open[] = [];
    let root: XmlElement | undefined;
    while (this.#at < text.length) {
      const start = text.indexOf("<", this.#at);
      const end = start < 0 ? text.length : start;
      if (end > this.#at) {
        const between = text.slice(this.#at, end);
        const parent = open.at(-1);
        if (parent) {
          // Layout between elements is no text.
          if (/[^ \t\r\n]/.test(between)) parent.text += this.#unescape(between);
        } else if (between.trim() !== "") throw this.#malformed("there is text outside of the root element");
      }
      this.#at = end;
      if (start < 0) break;
      if (text.startsWith("<!--", start)) this.#at = this.#after("-->", start + 4, "a comment");
      else if (text.startsWith("<![CDATA[", start)) {
        const stop = this.#after("]]>", start + 9, "a CDATA section");
        const parent = open.at(-1);
        if (!parent) throw this.#malformed("there is text outside of the root element");
        parent.text += text.slice(start + 9, stop - 3);
        this.#at = stop;
      } else if (text.startsWith("<!", start)) throw xmlError("xml-doctype", "the XML has a document type declaration", { where: this.#where(), hint: "Take the DOCTYPE out of the file." });
      else if (text.startsWith("<?", start)) this.#at = this.#after("?>", start + 2, "a processing instruction");
      else if (text.startsWith("</", start)) {
        this.#at = start + 2;
        const name = this.#name();
        this.#space();
        if (text[this.#at] !== ">") throw this.#malformed(`the end of ${name} is not closed`);
        const last = open.pop();
        if (last?.raw !== name) throw this.#malformed(`</${name}> ends ${last ? `<${last.raw}> of line ${last.line}` : "nothing"}`);
        this.#at++;
        const parent = open.at(-1);
        if (parent) parent.children.push(last);
        else root = last;
      } else {
        if (root) throw this.#malformed("there is a second root element");
        const { element, empty } = this.#startTag();
        const parent = open.at(-1);
        if (!empty) {
          open.push(element);
          if (open.length > this.#limits.depth) throw xmlError("xml-too-large", `elements are nested more than ${this.#limits.depth} deep`, { where: this.#where() });
        } else if (parent) parent.children.push(element);
        else root = element;
      }
    }
    const last = open.at(-1);
    if (last) throw this.#malformed(`the file ends inside <${last.raw}> of line ${last.line}`);
    if (!root) throw this.#malformed("there is no element");
    return root;
  }

  #startTag(): { element: Open; empty: boolean } {
    const text = this.#text;
    const line = this.#lineHere();
    if (++this.#elements > this.#limits.elements) throw xmlError("xml-too-large", `there are more than ${this.#limits.elements} elements`, { where: this.#where() });
    this.#at++;
    const raw = this.#name();
    let attributes: Map<string, string> | undefined;
    for (;;) {
      const before = this.#at;
      this.#space();
      const next = text[this.#at];
      if (next === ">" || next === "/") {
        const empty = next === "/";
        if (empty && text[this.#at + 1] !== ">") throw this.#malformed(`<${raw}> is not closed`);
        this.#at += empty ? 2 : 1;
        return { element: { name: local(raw), raw, attributes: attributes ?? NONE, children: [], text: "", line }, empty };
      }
      if (next === undefined) throw this.#malformed(`the file ends inside <${raw}>`);
      if (before === this.#at) throw this.#malformed(`<${raw}> has no space before an attribute`);
      const key = this.#name();
      this.#space();
      if (text[this.#at] !== "=") throw this.#malformed(`the attribute ${key} of <${raw}> has no value`);
      this.#at++;
      this.#space();
      const quote = text[this.#at];
      if (quote !== '"' && quote !== "'") throw this.#malformed(`the value of ${key} in <${raw}> has no quotes`);
      const stop = text.indexOf(quote, this.#at + 1);
      if (stop < 0) throw this.#malformed(`the value of ${key} in <${raw}> does not end`);
      const value = text.slice(this.#at + 1, stop);
      if (value.includes("<")) throw this.#malformed(`the value of ${key} in <${raw}> holds a "<"`);
      attributes ??= new Map();
      if (attributes.has(key)) throw this.#malformed(`<${raw}> has the attribute ${key} twice`);
      if (attributes.size >= MOST_ATTRIBUTES) throw xmlError("xml-too-large", `<${raw}> has more than ${MOST_ATTRIBUTES} attributes`, { where: this.#where() });
      attributes.set(key, this.#unescape(value));
      this.#at = stop + 1;
    }
  }

  #name(): string {
    NAME.lastIndex = this.#at;
    const found = NAME.exec(this.#text)?.[0];
    if (found === undefined) throw this.#malformed("a name is missing");
    this.#at += found.length;
    return found;
  }
  #space(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }
  #after(mark: string, from: number, what: string): number {
    const found = this.#text.indexOf(mark, from);
    if (found < 0) throw this.#malformed(`${what} does not end`);
    return found + mark.length;
  }
  #unescape(text: string): string {
    if (!text.includes("&")) return text;
    return text.replace(/&([^;&]{0,12})(;?)/g, (_, name: string, end: string) => {
      const code = /^#(?:x([\da-fA-F]{1,6})|(\d{1,7}))$/.exec(name);
      if (end === "" || name === "") throw this.#malformed('an "&" stands alone');
      if (code) {
        const point = code[1] === undefined ? Number(code[2]) : Number.parseInt(code[1], 16);
        if (point === 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) throw this.#malformed(`&${name}; is no character`);
        return String.fromCodePoint(point);
      }
      const known = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
      if (known === undefined) throw xmlError("xml-doctype", `the entity &${name}; is not one of XML's own`, { where: this.#where() });
      return known;
    });
  }
  #lineHere(): number {
    for (let i = this.#text.indexOf("\n", this.#counted); i >= 0 && i < this.#at; i = this.#text.indexOf("\n", i + 1)) {
      this.#line++;
      this.#counted = i + 1;
    }
    return this.#line;
  }
  #where(): string {
    return `line ${this.#lineHere()}`;
  }
  #malformed(what: string): Error {
    return xmlError("xml-malformed", `the XML cannot be read: ${what}`, { where: this.#where(), hint: "The file is cut off or damaged: export it again." });
  }
}

function local(name: string): string {
  return name.slice(name.lastIndexOf(":") + 1);
}

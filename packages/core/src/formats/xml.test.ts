import { describe, expect, it } from "vitest";
import { SlipwayError } from "../base/index.ts";
import { readXml } from "./xml.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
function codeOf(text: string, limits = {}): string {
  try {
    readXml(bytes(text), limits);
    return "";
  } catch (error) {
    if (error instanceof SlipwayError) return error.code;
    throw error;
  }
}

describe("XML", () => {
  it("is read as elements, attributes and text, without namespaces", () => {
    const root = readXml(bytes(`<?xml version="1.0"?><!-- c --><p:a xmlns:p="u" k='1 &lt; 2'>\n<b>x&#65;<![CDATA[<y>]]></b><c/></p:a>`));
    expect([root.name, root.attributes.get("k"), root.children.map((x) => x.name)]).toEqual(["a", "1 < 2", ["b", "c"]]);
    expect([root.children[0]!.text, root.children[0]!.line]).toEqual(["xA<y>", 2]);
  });
  it("with a document type or entities of its own is refused", () => {
    expect(codeOf(`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`)).toBe("xml-doctype");
    expect(codeOf(`<a>&b;</a>`)).toBe("xml-doctype");
    expect(codeOf(`<a>&__proto__;</a>`)).toBe("xml-doctype");
  });
  it("that is not well-formed is refused with its line", () => {
    for (const text of ["", "<a>", "<a></b>", "<a/><b/>", "<a b></a>", "<a b=1/>", `<a b="1" b="2"/>`, "<a>&</a>", "<a>&#0;</a>", "x<a/>", "<a><!-- </a>", `<a b="<"/>`]) expect(codeOf(text), text).toBe("xml-malformed");
    expect(() => readXml(bytes("<a>\n\n<b></a>"))).toThrow(expect.objectContaining({ where: "line 3" }));
  });
  it("beyond its limits is refused", () => {
    expect(codeOf("<a>".repeat(20000))).toBe("xml-too-large");
    expect(codeOf("<a><b/><b/></a>", { elements: 2 })).toBe("xml-too-large");
    expect(codeOf("<a/>", { bytes: 3 })).toBe("xml-too-large");
  });
});

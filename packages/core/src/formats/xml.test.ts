import { describe, expect, it } from "vitest";
import { codeOf } from "../base/testing.ts";
import { readXml } from "./xml.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const outcome = (text: string, limits = {}): string => codeOf(() => readXml(bytes(text), limits));

describe("XML", () => {
  it("is read as elements, attributes and text, without namespaces", () => {
    const root = readXml(bytes(`<?xml version="1.0"?><!-- c --><p:a xmlns:p="u" k='1 &lt; 2'>\n<b>x&#65;<![CDATA[<y>]]></b><c/></p:a>`));
    expect([root.name, root.attributes.get("k"), root.children.map((x) => x.name)]).toEqual(["a", "1 < 2", ["b", "c"]]);
    expect([root.children[0]!.text, root.children[0]!.line]).toEqual(["xA<y>", 2]);
  });
  it("with a document type or entities of its own is refused", () => {
    expect(outcome(`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`)).toBe("xml-doctype");
    expect(outcome(`<a>&b;</a>`)).toBe("xml-doctype");
    expect(outcome(`<a>&__proto__;</a>`)).toBe("xml-doctype");
  });
  it("that is not well-formed is refused with its line", () => {
    for (const text of ["", "<a>", "<a></b>", "<a/><b/>", "<a b></a>", "<a b=1/>", `<a b="1" b="2"/>`, "<a>&</a>", "<a>&#0;</a>", "x<a/>", "<a><!-- </a>", `<a b="<"/>`]) expect(outcome(text), text).toBe("xml-malformed");
    expect(() => readXml(bytes("<a>\n\n<b></a>"))).toThrow(expect.objectContaining({ where: "line 3" }));
  });
  it("beyond its limits is refused", () => {
    expect(outcome("<a>".repeat(20000))).toBe("xml-too-large");
    expect(outcome("<a><b/><b/></a>", { elements: 2 })).toBe("xml-too-large");
    expect(outcome("<a/>", { bytes: 3 })).toBe("xml-too-large");
  });
});

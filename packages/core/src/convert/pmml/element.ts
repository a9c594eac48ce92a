// Reading PMML's elements: checked attributes, children without vendors' extensions, numbers and arrays of values.

import type { SlipwayError } from "../../base/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { convertError } from "../conversion/errors.ts";

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const MOST_VALUES = 1_000_000;

export function malformed(el: XmlElement, what: string): SlipwayError {
  return convertError("malformed-model", `${el.name}: ${what}`, { where: `line ${el.line}` });
}
export function refuse(el: XmlElement, option: string, why: string, hint?: string): SlipwayError {
  return convertError("unsupported-option", `${el.name} with ${option}: ${why}`, { where: `line ${el.line}`, hint });
}

export function childrenOf(el: XmlElement, name?: string): readonly XmlElement[] {
  return el.children.filter((child) => (name === undefined ? child.name !== "Extension" : child.name === name));
}
export function childOf(el: XmlElement, name: string): XmlElement | undefined {
  return el.children.find((child) => child.name === name);
}
export function needChild(el: XmlElement, name: string): XmlElement {
  const child = childOf(el, name);
  if (!child) throw malformed(el, `there is no ${name} in it`);
  return child;
}
export function textOf(el: XmlElement, key: string): string {
  const value = el.attributes.get(key);
  if (value === undefined) throw malformed(el, `it has no ${key}`);
  return value;
}
export function choiceOf<T extends string>(el: XmlElement, key: string, among: readonly T[], usual: T): T {
  const value = el.attributes.get(key) ?? usual;
  const found = among.find((v) => v === value);
  if (found === undefined) throw refuse(el, `${key}=${JSON.stringify(value.slice(0, 60))}`, `what is compiled are ${among.join(", ")}`);
  return found;
}
/** undefined where the attribute is absent and has no usual value. */
export function numberOf(el: XmlElement, key: string): number | undefined {
  const value = el.attributes.get(key);
  return value === undefined ? undefined : parseNumber(value, el);
}
export function needNumber(el: XmlElement, key: string): number {
  return parseNumber(textOf(el, key), el);
}
export function parseNumber(text: string, el: XmlElement): number {
  const trimmed = text.trim();
  if (NUMBER.test(trimmed)) return Number(trimmed);
  if (/^[+-]?inf(?:inity)?$/i.test(trimmed)) return trimmed.startsWith("-") ? -Infinity : Infinity;
  throw malformed(el, `${JSON.stringify(text.slice(0, 60))} is no number`);
}

/** The values of an Array: separated by spaces, in quotes where they hold spaces themselves. */
export function arrayOf(el: XmlElement): string[] {
  const values: string[] = [];
  const item = /\s*(?:"((?:[^"\\]|\\[^])*)"|(\S+))/y;
  const text = el.text.trim();
  while (item.lastIndex < text.length) {
    const found = item.exec(text);
    if (!found) throw malformed(el, "a quoted value does not end");
    values.push(found[1] === undefined ? found[2]! : found[1].replace(/\\(["\\])/g, "$1"));
    if (values.length > MOST_VALUES) throw malformed(el, `it has more than ${MOST_VALUES} values`);
  }
  return values;
}
/** The valid ones of a field's values. */
export function literalTexts(values: readonly XmlElement[]): string[] {
  return values.filter((v) => (v.attributes.get("property") ?? "valid") === "valid").map((v) => textOf(v, "value"));
}

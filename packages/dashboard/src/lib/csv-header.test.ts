import { expect, it } from "vitest";
import { headerOf } from "./csv-header.ts";

it.each([
  ["a,b\n1,2", ["a", "b"]], ["\ufeffa, b \r\n1,2", ["a", "b"]], ['"a, b","say ""x""",c\n', ["a, b", 'say "x"', "c"]], ['"two\nlines",b\n1,2', ["two\nlines", "b"]], ["one", ["one"]], ["", []],
])("reads the columns of %j", (text, columns) => expect(headerOf(text)).toEqual(columns));

// The code in a TorchScript file: its functions, classes, methods and constants, by their qualified names.

import type { TorchArchive } from "../archive.ts";
import { parseSource, type Expression, type FunctionDefinition } from "./parse.ts";

/** The code of one file: its functions, and its classes with their methods and constants. */
interface Unit {
  readonly functions: ReadonlyMap<string, FunctionDefinition>;
  readonly classes: ReadonlyMap<string, { readonly methods: ReadonlyMap<string, FunctionDefinition>; readonly constants: ReadonlyMap<string, Expression> }>;
}

/** Parsed once for a file, however often it is followed. */
export class ScriptCode {
  readonly #archive: TorchArchive;
  readonly #units = new Map<string, Unit>();
  constructor(archive: TorchArchive) {
    this.#archive = archive;
  }
  #unit(module: readonly string[]): Unit | undefined {
    const path = `code/${module.join("/")}.py`;
    const known = this.#units.get(path);
    if (known) return known;
    const source = this.#archive.text(path);
    if (source === undefined) return undefined;
    const functions = new Map<string, FunctionDefinition>();
    const classes = new Map<string, { methods: Map<string, FunctionDefinition>; constants: Map<string, Expression> }>();
    for (const s of parseSource(source, path)) {
      if (s.kind === "def") functions.set(s.name, s);
      if (s.kind !== "class") continue;
      const methods = new Map(s.body.flatMap((m) => (m.kind === "def" ? [[m.name, m] as const] : [])));
      const constants = new Map(s.body.flatMap((m) => (m.kind === "declare" && m.value ? [[m.name, m.value] as const] : [])));
      classes.set(s.name, { methods, constants });
    }
    const unit = { functions, classes };
    this.#units.set(path, unit);
    return unit;
  }
  find(qualified: string): { unit: Unit; name: string } | undefined {
    const parts = qualified.split(".");
    const unit = this.#unit(parts.slice(0, -1));
    return unit && { unit, name: parts.at(-1)! };
  }
  method(className: string, name: string): FunctionDefinition | undefined {
    const found = this.find(className);
    return found?.unit.classes.get(found.name)?.methods.get(name);
  }
  constant(className: string, name: string): Expression | undefined {
    const found = this.find(className);
    return found?.unit.classes.get(found.name)?.constants.get(name);
  }
}

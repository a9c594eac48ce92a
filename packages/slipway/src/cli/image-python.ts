// slipway image MODEL --engine python --trust DIGEST: a model that Python runs, with its Python and its packages.
// Building runs nothing of it: the container asks it its check file's rows when it starts.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { extname, join } from "node:path";
import { tmpdir } from "node:os";
import { VERSION } from "@slipway/core/base";
import { checkName, checkVersion, nameFromFile, writeCard } from "@slipway/core/package";
import { CARD_FILE, CHECK_FILE, choosePython, environmentOf, factsOfBase, folderInterpreter, hostInterpreter, type BaseImage, type Interpreter, type LayerFile, type Platform, type PythonModel } from "../image/index.ts";
import { downloadWheels, lockOf, openTrusted, readSignature, type Lock, type PythonTarget } from "../runtime/index.ts";
import { usageError, type Invocation, type OptionSpec } from "./command.ts";
import { printNote } from "./output.ts";

/** Debian's, with glibc, as most wheels want it. */
export const DEFAULT_PYTHON_BASE: string = process.env["SLIPWAY_PYTHON_IMAGE_BASE"] || "oci://docker.io/library/python:3.12-slim";

export const pythonImageOptions: Readonly<Record<string, OptionSpec>> = {
  engine: { type: "string", value: "ENGINE", help: "python: an image with Python in it, for a file or folder that cannot be compiled; otherwise the engine goes by the package" },
  trust: { type: "string", value: "DIGEST", multiple: true, help: "with --engine python: the digest of the file or folder whose code the image runs" },
  check: { type: "string", value: "FILE", help: "with --engine python: rows that the model is asked when the container starts, with what it predicted" },
  interpreter: { type: "string", value: "DIR", help: "with --engine python, for a base without Python: the folder of one, as uv python install makes it" },
  python: { type: "string", value: "PATH", help: "with --engine python: an interpreter of this machine, whose pip brings the packages (python3 by default); with --base host it goes into the image" },
  name: { type: "string", value: "NAME", help: "with --engine python: what the model is called (by its file or folder by default)" },
  "model-version": { type: "string", value: "VERSION", help: "with --engine python: the model's version (0.0.0 by default)" },
};

export interface OpenedPythonModel {
  readonly name: string;
  readonly version: string;
  /** Where the base is this machine, without an interpreter of its own. */
  readonly hostPython: Interpreter | undefined;
  /** @throws image-python, image-wheel, python-wheels */
  forPlatform(base: BaseImage, platform: Platform): Promise<PythonModel>;
  close(): void;
}

const MAX_CHECK = 64 << 20;

export function nameOfPython(argument: string): string {
  return nameFromFile(argument.replace(/[/\\]+$/, ""));
}

/** @throws bad-argument */
export function wantsPython(call: Invocation): boolean {
  const engine = call.text("engine") ?? "auto";
  if (engine === "python") return true;
  const alone = Object.keys(pythonImageOptions).find((name) => name !== "engine" && call.texts(name).length > 0);
  if (alone !== undefined) throw usageError("bad-argument", `--${alone} goes with --engine python`);
  return false;
}

/** @throws python-untrusted, python-target, python-wheels, bad-argument */
export async function openPythonModel(call: Invocation): Promise<OpenedPythonModel> {
  if (call.args.length > 1) throw usageError("bad-argument", "an image holds one model that Python runs, and several are given", { hint: "Make an image of each." });
  const argument = call.args[0]!;
  const [name, version] = [call.text("name") ?? nameOfPython(argument), call.text("model-version") ?? "0.0.0"];
  checkName(name);
  checkVersion(version);
  const pip = call.text("python") ?? "python3";
  const check = call.text("check");
  const checked = check === undefined ? undefined : readCheck(check);
  const target = await openTrusted(argument, { trust: call.texts("trust") });
  try {
    if (target.entry !== undefined) throw usageError("bad-argument", `an image holds a file or a folder, and ${JSON.stringify(argument.slice(0, 200))} names an entry of a file`, { hint: "Put the file into a folder, with a predict.py whose load() takes the entry." });
    const lock = lockOf(target, `${argument.replace(/[/\\]+$/, "")}.lock`);
    if (lock.text === "") printNote(`note: ${lock.from}`);
    const given = call.text("interpreter");
    const hostPython = call.text("base") === "host" && given === undefined ? await hostInterpreter(pip) : undefined;
    return {
      name, version, hostPython,
      forPlatform: (base, platform) => modelFor({ name, version, target, lock, checked, pip, given }, base, platform),
      close: () => rmSync(target.folder, { recursive: true, force: true }),
    };
  } catch (error) {
    rmSync(target.folder, { recursive: true, force: true });
    throw error;
  }
}

interface Parts {
  readonly name: string;
  readonly version: string;
  readonly target: PythonTarget;
  readonly lock: Lock;
  readonly checked: Uint8Array | undefined;
  readonly pip: string;
  /** The folder of an interpreter. */
  readonly given: string | undefined;
}

async function modelFor(parts: Parts, base: BaseImage, platform: Platform): Promise<PythonModel> {
  const { name, version, target, lock, checked, pip, given } = parts;
  const facts = await factsOfBase(base);
  const interpreter = given === undefined ? undefined : folderInterpreter(given, platform);
  const python = choosePython(given ?? base.name, interpreter === undefined ? facts : { ...facts, pythons: [interpreter] }, lock.python);
  const scratch = mkdtempSync(join(tmpdir(), "slipway-wheels-"));
  try {
    const wheels = await downloadWheels(lock.text, { version: python.version, full: python.full, architecture: platform.architecture, glibc: facts.glibc }, pip, scratch);
    const environment = environmentOf(wheels, python);
    const model = { name, version, digest: target.digest, python, interpreter, environment };
    return { ...model, files: [...modelFiles(parts), ...(checked === undefined ? [] : [{ path: CHECK_FILE, bytes: checked }]), { path: CARD_FILE, bytes: new TextEncoder().encode(cardOf(model, parts)) }] };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A file keeps its ending, which tells what it is; its name is not part of its digest. */
function modelFiles({ name, target }: Parts): LayerFile[] {
  const ending = extname(target.path);
  if (target.given === "file") return [{ path: `models/${name.endsWith(ending) ? name : `${name}${ending}`}`, bytes: readFileSync(target.path) }];
  return target.files.map((path) => ({ path: `models/${name}/${path}`, bytes: readFileSync(join(target.root, path)) }));
}

function cardOf({ name, version, digest, python, environment }: Omit<PythonModel, "files">, { target, checked }: Parts): string {
  const signature = target.files.includes("signature.json") ? { signature: readSignature(join(target.root, "signature.json")) } : {};
  const manifest = {
    name, version, lineage: [], tool: { name: "slipway", version: VERSION },
    source: { file: name, sha256: digest.slice("sha256:".length), bytes: target.bytes, format: `Python, ${target.style}`, producer: { Python: python.full ?? python.version, ...Object.fromEntries(environment.packages.map((p) => [p.name, p.version])) }, rootClass: target.style },
  };
  const limitations = [
    `Python runs it: its own code, in a process of its own. It is not compiled, and was not run when the image was made; whoever made the image trusted ${digest}.`,
    "What its process is kept from is told when the container starts, and depends on what the platform allows.",
    checked === undefined ? "Nothing was compared: it has no check file." : "Its answers to its check file are compared each time it starts; it is not served where they differ.",
  ];
  return writeCard({ manifest, ...signature, compiled: false, facts: { limitations } });
}

function readCheck(path: string): Uint8Array {
  const bytes = (() => {
    try {
      return readFileSync(path);
    } catch (cause) {
      throw usageError("bad-argument", `the check file ${JSON.stringify(path.slice(0, 200))} cannot be read (${(cause as NodeJS.ErrnoException).code ?? "unknown"})`, { cause });
    }
  })();
  if (bytes.length > MAX_CHECK) throw usageError("bad-argument", `the check file has ${bytes.length} bytes; at most ${MAX_CHECK} are taken`);
  return bytes;
}

// A Python of the user's for an image whose base has none: a folder that holds all of it (as `uv python install` and
// python-build-standalone lay it out), or what this machine has. Its standard library without tests, and without what was
// installed into it.

import { execFile } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { imageError } from "../errors.ts";
import type { LayerFile } from "../layer.ts";
import { isProgramFor } from "../node-binary.ts";
import { platformText, type Platform } from "../platform.ts";
import type { ImagePython } from "./base-python.ts";

export interface Interpreter extends ImagePython {
  readonly files: readonly LayerFile[];
}

const HOME = "opt/python";
const LEFT_OUT = new Set(["__pycache__", "site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3"]);
const LEFT_OUT_FILES = /\.(?:a|pyc|pyo)$|^_test|^_xxtest|^_ctypes_test/;
const ASK = "import sys, sysconfig, json; print(json.dumps([getattr(sys, '_base_executable', sys.executable), sysconfig.get_path('stdlib'), sysconfig.get_config_var('DESTSHARED'), '%d.%d.%d' % sys.version_info[:3]]))";

/** @throws image-python */
export function folderInterpreter(folder: string, platform: Platform): Interpreter {
  const bin = join(folder, "bin");
  const name = existsSync(bin) ? readdirSync(bin).find((n) => /^python3\.\d+$/.test(n)) : undefined;
  const version = name?.slice("python".length);
  if (name === undefined || !existsSync(join(folder, "lib", name, "os.py"))) {
    throw imageError("image-python", `${JSON.stringify(folder)} is no folder of an interpreter: it lacks bin/python3.N, or lib/python3.N beside it`, { hint: "Give the folder that holds bin and lib, as uv python install makes it (uv python dir tells where)." });
  }
  if (!isProgramFor(readFileSync(join(bin, name)), platform)) throw imageError("image-python", `${JSON.stringify(join(bin, name))} is no program for ${platformText(platform)}`, { hint: "Take the interpreter of that platform: uv python install cpython-3.12-linux-aarch64-gnu, for example." });
  const files = [file(join(bin, name), `${HOME}/bin/${name}`), ...under(join(folder, "lib", name), `${HOME}/lib/${name}`), ...libraries(join(folder, "lib"))];
  const patch = /#define PY_VERSION\s+"(3\.\d+\.\d+)/.exec(maybe(join(folder, "include", name, "patchlevel.h")))?.[1];
  return { version: version!, full: patch, executable: `/${HOME}/bin/${name}`, files };
}

/** This machine's, at the paths that it has here, with the libraries that it is linked to. @param program an interpreter @throws image-python */
export async function hostInterpreter(program: string): Promise<Interpreter> {
  const run = promisify(execFile);
  const told = await run(program, ["-I", "-c", ASK]).then(({ stdout }) => JSON.parse(stdout) as [string, string, string, string], (cause: unknown) => Promise.reject(imageError("image-python", `${JSON.stringify(program)} does not start`, { hint: "Name an interpreter with --python.", cause })));
  const [executable, stdlib, shared, full] = [realpathSync(told[0]), told[1], told[2], told[3]];
  const version = full.split(".").slice(0, 2).join(".");
  const modules = under(stdlib, stdlib.slice(1));
  const native = modules.filter((f) => f.path.endsWith(".so")).map((f) => `/${f.path}`);
  if (!shared.startsWith(stdlib)) throw imageError("image-python", `the modules of ${executable} lie outside its standard library (${shared})`, { hint: "Name another interpreter with --python." });
  const { stdout } = await run("ldd", [executable, ...native], { maxBuffer: 1 << 24 }).catch((cause: unknown) => Promise.reject(imageError("image-python", `ldd does not tell what ${executable} is linked to`, { cause })));
  const linked = [...new Set([...stdout.matchAll(/=> (\/\S+)/g)].map(([, path]) => join(realpathSync(dirname(path!)), basename(path!))))];
  const program3 = join(dirname(executable), `python${version}`);
  return { version, full, executable: program3, files: [file(executable, program3.slice(1)), ...modules, ...linked.map((path) => file(path, path.slice(1)))] };
}

function under(folder: string, to: string): LayerFile[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const [from, path] = [join(folder, entry.name), `${to}/${entry.name}`];
    if (entry.isDirectory()) return LEFT_OUT.has(entry.name) || /^config-3\.\d+/.test(entry.name) ? [] : under(from, path);
    return LEFT_OUT_FILES.test(entry.name) || !existsSync(from) || !lstatSync(realpathSync(from)).isFile() ? [] : [file(from, path)];
  });
}

/** Beside the standard library: Python's own, and those of Tcl and others that come with it. */
function libraries(lib: string): LayerFile[] {
  return readdirSync(lib, { withFileTypes: true }).filter((e) => /\.so(?:\.[\d.]+)?$/.test(e.name)).map((e) => {
    const [from, path] = [join(lib, e.name), `${HOME}/lib/${e.name}`];
    return e.isSymbolicLink() && !readlinkSync(from).includes("/") ? { path, bytes: new Uint8Array(), link: readlinkSync(from) } : file(from, path);
  });
}

function file(from: string, path: string): LayerFile {
  const info = lstatSync(realpathSync(from));
  return { path, bytes: readFileSync(from), ...((info.mode & 0o111) === 0 ? {} : { mode: 0o755 }) };
}
function maybe(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

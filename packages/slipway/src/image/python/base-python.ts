// The Python in a base image, found by looking at its files: nothing of it is started.

import { unpacked, type BaseImage } from "../base-image.ts";
import { imageError } from "../errors.ts";
import { tarItems } from "../tar-items.ts";

export interface ImagePython {
  /** "3.12" */
  readonly version: string;
  /** "3.12.4", where it is told. */
  readonly full: string | undefined;
  /** Its path in the image. */
  readonly executable: string;
}
export interface BaseFacts {
  readonly pythons: readonly ImagePython[];
  /** "2.36" */
  readonly glibc: string;
}

const PATH = "/usr/local/bin:/usr/bin:/bin";
/** https://docs.python.org/3/c-api/apiabiversion.html, as headers have it. */
const PATCHLEVEL = /#define PY_VERSION\s+"(3\.\d+\.\d+)/;
/** As the C library says itself when it is run. */
const GLIBC = /GNU C Library[^\n]{0,200}release version (2\.\d+)/;

/** Interpreters on the base's PATH that have their standard library, the first folder's first, then the newest. @throws image-base, image-python */
export async function factsOfBase(base: BaseImage): Promise<BaseFacts> {
  const programs = new Set<string>();
  const libraries = new Set<string>();
  const patches = new Map<string, string>();
  let glibc: string | undefined;
  for (const layer of base.layers) {
    for (const { path, type, bytes } of tarItems(await unpacked(layer, base.name))) {
      const at = `/${path.replace(/^\.?\/+/, "")}`;
      const gone = /^(.*\/)\.wh\.([^/]+)$/.exec(at);
      // Image-spec 1.1, layer.md, whiteouts.
      if (gone !== null) for (const known of [programs, libraries]) for (const each of known) if (`${each}/`.startsWith(`${gone[1]!}${gone[2]!}/`)) known.delete(each);
      if (/\/bin\/python3\.\d+$/.test(at)) programs.add(at);
      else if (/\/lib(?:64)?\/python3\.\d+\/os\.py$/.test(at)) libraries.add(at);
      else if (/\/include\/python3\.\d+\/patchlevel\.h$/.test(at)) patches.set(at, PATCHLEVEL.exec(text(bytes))?.[1] ?? "");
      else if (/\/libc(?:\.so\.6|-2\.\d+\.so)$/.test(at) && type !== "2") glibc = GLIBC.exec(text(bytes))?.[1] ?? glibc;
    }
  }
  if (glibc === undefined) throw imageError("image-python", `the version of ${base.name}'s C library is not told by its files`, { hint: "Take an image with glibc, such as python:3.12-slim." });
  const variable = (name: string): string | undefined => base.env.find((e) => e.startsWith(`${name}=`))?.slice(name.length + 1);
  const folders = (variable("PATH") ?? PATH).split(":");
  const pythons = folders.flatMap((folder, i) => [...programs].filter((path) => path.slice(0, path.lastIndexOf("/")) === folder && folders.indexOf(folder) === i).map((executable) => {
    const version = executable.slice(executable.lastIndexOf("/python") + "/python".length);
    const prefix = folder.replace(/\/bin$/, "");
    const told = variable("PYTHON_VERSION");
    const full = patches.get(`${prefix}/include/python${version}/patchlevel.h`) || (told?.startsWith(`${version}.`) === true ? told : undefined);
    return { version, full, executable, complete: ["lib", "lib64"].some((lib) => libraries.has(`${prefix}/${lib}/python${version}/os.py`)) };
  }).filter((p) => p.complete).sort((a, b) => minor(b.version) - minor(a.version)).map(({ version, full, executable }) => ({ version, full, executable })));
  return { pythons, glibc };
}

/** @param wanted "3.12", where the lock says it @throws image-python */
export function choosePython(base: string, { pythons }: BaseFacts, wanted: string | undefined): ImagePython {
  const found = wanted === undefined ? pythons[0] : pythons.find((p) => p.version === wanted);
  if (found === undefined) {
    const has = pythons.length === 0 ? "no Python" : `Python ${pythons.map((p) => p.full ?? p.version).join(", ")}`;
    throw imageError("image-python", `${base} has ${has}${wanted === undefined ? "" : `, and the model's lock is for Python ${wanted}`}`, {
      hint: `Name a base that has it, such as --base oci://docker.io/library/python:${wanted ?? "3.12"}-slim; or give an interpreter: --interpreter DIR.` });
  }
  if (minor(found.version) < 8) throw imageError("image-python", `${base} has Python ${found.full ?? found.version}, and 3.8 is the oldest that is used`);
  return found;
}

function minor(version: string): number {
  return Number(version.split(".")[1]);
}
function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

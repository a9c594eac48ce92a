// A root file system of this machine's own C libraries, where no registry is to be asked: what Node and ONNX Runtime are
// linked to, as this process has it loaded, and the few files without which programs are confused. No shell, no package
// manager; what Debian's packages are called is written down where scanners look for it.

import { existsSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { BlobCache } from "../oci/index.ts";
import type { BaseImage } from "./base-image.ts";
import { imageError } from "./errors.ts";
import { makeLayer, type LayerFile } from "./layer.ts";
import type { Interpreter } from "./python/interpreter.ts";
import { ownPlatform, platformText, type Platform } from "./platform.ts";

const LIBRARIES = ["libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0", "libstdc++.so.6", "libgcc_s.so.1", "libresolv.so.2", "libnss_dns.so.2", "libnss_files.so.2"];
/** Where the kernel looks for the loader. */
const LOADER = { amd64: "lib64/ld-linux-x86-64.so.2", arm64: "lib/ld-linux-aarch64.so.1" } as const;
const DEBIAN = ["libc6", "libgcc-s1", "libstdc++6", "gcc-12-base", "gcc-14-base"];
export const USER = 65532;

/** @param cache as of `makeLayer` @param python this machine's, where the image needs one @throws image-platform, image-base */
export async function hostBase(platform: Platform, cache: BlobCache | undefined, python?: Interpreter): Promise<BaseImage> {
  if (process.platform !== "linux" || platform.architecture !== ownPlatform().architecture) {
    throw imageError("image-platform", `this machine is ${process.platform}/${process.arch}, and the image is to be for ${platformText(platform)}`, { hint: "Name a base image for that platform: --base oci://HOST/REPOSITORY:TAG or --base oci-layout:FOLDER." });
  }
  const loaded = [...new Set((await readFile("/proc/self/maps", "utf8")).split("\n").flatMap((line) => /\s(\/\S+\.so[.\d]*)$/.exec(line)?.[1] ?? []))];
  const folders = [...new Set(loaded.map((path) => dirname(realpathSync(path))))];
  const find = (name: string): string | undefined => folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  const files: LayerFile[] = [];
  for (const name of LIBRARIES) {
    const path = find(name);
    if (path !== undefined) files.push({ path: path.slice(1), bytes: await readFile(path), mode: 0o755 });
    else if (/^lib(?:c|m|stdc\+\+|gcc_s)\.so/.test(name)) throw imageError("image-base", `this machine has no ${name} beside its C library`, { hint: "Name a base image: --base oci://HOST/REPOSITORY:TAG." });
  }
  const loader = LOADER[platform.architecture];
  files.push({ path: loader, bytes: await readFile(`/${loader}`).catch(() => Promise.reject(imageError("image-base", `this machine has no /${loader}`, { hint: "Its C library is not glibc; name a base image." }))), mode: 0o755 });
  files.push(...accounts(), ...(await debianPackages()));
  const layers = [await makeLayer("base: this machine's C libraries", files, cache)];
  // The C library is there already.
  const there = new Set(files.map((file) => file.path));
  if (python !== undefined) layers.push(await makeLayer(`base: this machine's Python ${python.full}`, python.files.filter((file) => !there.has(file.path)), cache));
  return { name: `this machine (${basename(realpathSync(find("libc.so.6")!))})`, layers, env: python === undefined ? [] : [`PATH=${dirname(python.executable)}:/usr/local/bin:/usr/bin:/bin`] };
}

function accounts(): LayerFile[] {
  const text = (path: string, content: string): LayerFile => ({ path, bytes: new TextEncoder().encode(content) });
  return [
    text("etc/passwd", `root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:${USER}:${USER}:nonroot:/tmp:/sbin/nologin\n`),
    text("etc/group", `root:x:0:\nnobody:x:65534:\nnonroot:x:${USER}:\n`),
    text("etc/nsswitch.conf", "hosts: files dns\n"),
    { path: "tmp", bytes: new Uint8Array(), folder: true, mode: 0o1777 },
  ];
}

/** As distroless images have it: a file for each package under var/lib/dpkg/status.d, and its licence. */
async function debianPackages(): Promise<LayerFile[]> {
  const status = await readFile("/var/lib/dpkg/status", "utf8").catch(() => "");
  const files: LayerFile[] = [];
  for (const stanza of status.split("\n\n")) {
    const name = /^Package: (\S+)$/m.exec(stanza)?.[1];
    if (name === undefined || !DEBIAN.includes(name)) continue;
    files.push({ path: `var/lib/dpkg/status.d/${name}`, bytes: new TextEncoder().encode(`${stanza}\n`) });
    const licence = await readFile(`/usr/share/doc/${name}/copyright`).catch(() => undefined);
    if (licence !== undefined) files.push({ path: `usr/share/doc/${name}/copyright`, bytes: licence });
  }
  return files;
}

// Small wheels, made by Python's own zip module: files that pip and uv take for what a registry would give them.

import { execFileSync } from "node:child_process";

export interface TestWheel {
  readonly name: string;
  readonly version: string;
  /** "py3-none-any" by default. */
  readonly tag?: string;
  /** By path in the wheel. */
  readonly files: Readonly<Record<string, string>>;
  /** Of its METADATA, line by line. */
  readonly metadata?: readonly string[];
}

const MAKE = `
import base64, hashlib, json, sys, zipfile
folder, wheels = sys.argv[1], json.load(sys.stdin)
digest = lambda text: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
told = []
for w in wheels:
    distribution = w["name"].replace("-", "_")
    info = f"{distribution}-{w['version']}.dist-info"
    tag = w.get("tag", "py3-none-any")
    metadata = "\\n".join(["Metadata-Version: 2.1", f"Name: {w['name']}", f"Version: {w['version']}", *w.get("metadata", [])]) + "\\n"
    files = {**w["files"], f"{info}/METADATA": metadata, f"{info}/WHEEL": f"Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: {tag}\\n"}
    record = "".join(f"{name},sha256={digest(text)},{len(text)}\\n" for name, text in files.items()) + f"{info}/RECORD,,\\n"
    path = f"{folder}/{distribution}-{w['version']}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as z:
        for name, text in {**files, f"{info}/RECORD": record}.items(): z.writestr(name, text)
    told.append(hashlib.sha256(open(path, "rb").read()).hexdigest())
print(json.dumps(told))
`;

/** @returns the SHA-256 of each, in hexadecimal */
export function makeWheels(folder: string, wheels: readonly TestWheel[]): string[] {
  return JSON.parse(execFileSync("python3", ["-c", MAKE, folder], { input: JSON.stringify(wheels), encoding: "utf8" })) as string[];
}

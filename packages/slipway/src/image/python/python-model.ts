// A model that Python runs, as an image holds it: what it is called and trusted by, its files, its Python and its packages; and
// what the image's configuration, labels and bill of materials say of that.

import type { LayerFile } from "../layer.ts";
import type { ImagePython } from "./base-python.ts";
import type { Interpreter } from "./interpreter.ts";
import type { Environment } from "./site-packages.ts";

export interface PythonModel {
  readonly name: string;
  readonly version: string;
  /** What the user trusted: `--trust`. */
  readonly digest: string;
  /** The model, under `models`, and what is told of it, under `MODEL_FOLDER`. */
  readonly files: readonly LayerFile[];
  readonly python: ImagePython;
  /** Where the base has no Python. */
  readonly interpreter: Interpreter | undefined;
  readonly environment: Environment;
}

export const MODEL_FOLDER = "opt/model";
export const CHECK_FILE: string = `${MODEL_FOLDER}/check.csv`;
export const CARD_FILE: string = `${MODEL_FOLDER}/card.md`;

/** Below the server's: they change less often. */
export function pythonLayers({ interpreter, environment, python }: PythonModel): { readonly comment: string; readonly files: readonly LayerFile[] }[] {
  const { layers, packages } = environment;
  return [
    ...(interpreter === undefined ? [] : [{ comment: `Python ${python.full ?? python.version} as given`, files: interpreter.files }]),
    ...layers.map((files, i) => ({ comment: `Python's packages: ${packages.length}${layers.length === 1 ? "" : `, part ${i + 1} of ${layers.length}`}`, files })),
  ];
}

/** In variables, as platforms put their own words in the place of the command's. */
export function pythonVariables({ digest, version, environment, files }: PythonModel): string[] {
  return [
    "SLIPWAY_ENGINE=python", `SLIPWAY_TRUST=${digest}`, `SLIPWAY_PYTHON=${environment.interpreter}`, `SLIPWAY_PYTHON_MODEL_VERSION=${version}`,
    ...(files.some(({ path }) => path === CHECK_FILE) ? [`SLIPWAY_PYTHON_CHECK=/${CHECK_FILE}`] : []),
  ];
}

export function pythonAnnotations({ digest, python }: PythonModel): Record<string, string> {
  return { "dev.slipway.engine": "python", "dev.slipway.python": python.full ?? python.version, "dev.slipway.trusted": digest };
}

/** CycloneDX 1.6 */
export function pythonComponents({ python, interpreter, environment }: PythonModel): object[] {
  return [
    { type: "platform", "bom-ref": "python", name: "python", version: python.full ?? python.version, description: interpreter === undefined ? "of the base image" : "as given", licenses: [{ license: { id: "PSF-2.0" } }] },
    ...environment.packages.map(({ name, version, sha256, license }) => {
      const purl = `pkg:pypi/${name}@${encodeURIComponent(version)}`;
      return { type: "library", "bom-ref": purl, name, version, purl, hashes: [{ alg: "SHA-256", content: sha256 }], ...(license === undefined ? {} : { licenses: [{ license: { name: license } }] }) };
    }),
  ];
}

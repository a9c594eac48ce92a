import { defineErrors, type ErrorDefinition, type ErrorDetails, type SlipwayError } from "../../base/index.ts";

type Code = "hdf5-damaged" | "hdf5-unsupported" | "hdf5-limit";

export const hdf5Error: ((code: Code, message: string, details?: ErrorDetails) => SlipwayError) & {
  readonly table: Readonly<Record<Code, ErrorDefinition>>;
} = defineErrors({
  "hdf5-damaged": { kind: "invalid", doc: "An HDF5 file contradicts itself, points outside itself or was cut off. Copy, download or save the file again." },
  "hdf5-unsupported": { kind: "unsupported", doc: "An HDF5 file uses a part of the format that Slipway does not read (the message names it). Save the model as .keras, or with h5py's default settings." },
  "hdf5-limit": { kind: "limit", doc: "An HDF5 file holds more objects, deeper trees or larger arrays than Slipway reads." },
});

export const damaged = (message: string, at: number): SlipwayError =>
  hdf5Error("hdf5-damaged", `the HDF5 file is damaged: ${message}`, { where: `byte ${at}`, hint: "Copy, download or save the file again." });
export const unsupported = (what: string, at: number): SlipwayError =>
  hdf5Error("hdf5-unsupported", `the HDF5 file uses ${what}, which is not read`, { where: `byte ${at}`, hint: "Save the model in the .keras format." });

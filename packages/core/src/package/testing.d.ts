import type { Column, Signature } from "./signature.ts";
import type { PackageManifest, PackageParts } from "./types.ts";
export declare function exampleColumn(name: string, extra?: Partial<Column>): Column;
export declare function exampleSignature(): Signature;
export declare function exampleManifest(extra?: Partial<PackageManifest>): PackageManifest;
export declare function exampleParts(extra?: Partial<PackageParts>): PackageParts;

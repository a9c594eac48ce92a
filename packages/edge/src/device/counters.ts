// What a device counts, for home: one file for each start, whose numbers only grow, so that home may take them twice and
// in any order. Those of earlier starts are kept until they arrived.

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { replaceFile, type Disk } from "./disk.ts";

export interface Counts {
  requests: number;
  rows: number;
  /** Requests that did not fit the model. */
  refused: number;
  failed: number;
  /** Predictions that had no room while there was no connection. */
  dropped: number;
  updates: number;
  updatesFailed: number;
}
export interface CountersFile {
  readonly device: string;
  readonly boot: string;
  readonly started: string;
  /** Whole rows by release. */
  readonly releases: Readonly<Record<string, number>>;
  readonly counts: Counts;
}

const NAME = /^counters-[0-9a-f-]{36}\.json$/;
const MAX_FILES = 32;
const DEVICE = "device-id";

export class Counters {
  readonly counts: Counts = { requests: 0, rows: 0, refused: 0, failed: 0, dropped: 0, updates: 0, updatesFailed: 0 };
  readonly releases: Record<string, number> = {};
  readonly boot: string = randomUUID();
  readonly #started = new Date().toISOString();
  readonly #disk: Disk;
  readonly #folder: string;
  #device = "";

  constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = folder;
  }
  get device(): string {
    return this.#device;
  }

  /** The device's own name, made once. */
  async load(): Promise<void> {
    const path = join(this.#folder, DEVICE);
    const known = Buffer.from((await this.#disk.read(path)) ?? []).toString("utf8");
    this.#device = /^[0-9a-f-]{36}$/.test(known) ? known : randomUUID();
    if (this.#device !== known) await replaceFile(this.#disk, path, [Buffer.from(this.#device)]);
  }

  countRows(release: number, rows: number): void {
    this.counts.rows += rows;
    this.releases[release] = (this.releases[release] ?? 0) + rows;
  }

  async save(): Promise<void> {
    await replaceFile(this.#disk, join(this.#folder, `counters-${this.boot}.json`), [Buffer.from(JSON.stringify(this.told()))]);
  }
  told(): CountersFile {
    return { device: this.#device, boot: this.boot, started: this.#started, releases: this.releases, counts: this.counts };
  }

  /** Those of this start and of earlier ones that did not arrive yet. */
  async deliver(send: (file: CountersFile) => Promise<void>): Promise<void> {
    const names = (await this.#disk.list(this.#folder)).filter((n) => NAME.test(n) && !n.includes(this.boot));
    // More than these can only be a device that starts over and over without a connection.
    for (const name of names.slice(MAX_FILES)) await this.#disk.remove(join(this.#folder, name));
    for (const name of names.slice(0, MAX_FILES)) {
      const path = join(this.#folder, name);
      const file = parse(await this.#disk.read(path));
      if (file !== undefined) await send(file);
      await this.#disk.remove(path);
    }
    await send(this.told());
  }
}

function parse(bytes: Uint8Array | undefined): CountersFile | undefined {
  try {
    return bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString("utf8")) as CountersFile);
  } catch {
    return undefined;
  }
}

// What a device remembers. Two files in turns, each with a number and its own hash: whatever a power cut leaves of one, the
// other is the state before. Numbers only grow, so what was seen of releases cannot be forgotten by damaging one file.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { replaceFile, type Disk } from "./disk.ts";

export interface Installed {
  readonly slot: "a" | "b";
  readonly sha256: string;
  readonly release: number;
  readonly version: string;
  readonly digest: string;
}
export interface State {
  /** Null: the package that the device came with. */
  readonly active: Installed | null;
  readonly previous: Installed | null;
  /** The highest release that was seen, and its package. */
  readonly highest: { readonly release: number; readonly sha256: string } | null;
  /** The latest time that was seen, in milliseconds: a clock that is set back makes nothing valid again. */
  readonly time: number;
  /** A package that is being tried: where the process ends over it, it is not tried for ever. */
  readonly trying: { readonly sha256: string; readonly attempts: number } | null;
  /** Starts of the active one before it was seen to work. */
  readonly trial: { readonly starts: number } | null;
  /** Packages that were not good here. */
  readonly bad: readonly string[];
}

const FRESH: State = { active: null, previous: null, highest: null, time: 0, trying: null, trial: null, bad: [] };
const MAX_BAD = 100;

export class StateFile {
  readonly #disk: Disk;
  readonly #folder: string;
  #serial = 0;
  #state: State = FRESH;
  #last: Promise<unknown> = Promise.resolve();

  constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = folder;
  }

  get current(): State {
    return this.#state;
  }

  async load(): Promise<State> {
    for (const turn of [0, 1]) {
      const read = parse(await this.#disk.read(this.#path(turn)).catch(() => undefined));
      if (read !== undefined && read.serial > this.#serial) ({ serial: this.#serial, state: this.#state } = read);
    }
    return this.#state;
  }

  /** One change after the other. */
  change(changes: Partial<State>): Promise<State> {
    const work = this.#last.then(() => this.#write(changes));
    this.#last = work.catch(() => undefined);
    return work;
  }
  async #write(changes: Partial<State>): Promise<State> {
    const state = { ...this.#state, ...changes };
    const next = { ...state, bad: state.bad.slice(-MAX_BAD) };
    const serial = this.#serial + 1;
    const text = JSON.stringify({ serial, state: next });
    await replaceFile(this.#disk, this.#path(serial % 2), [Buffer.from(`${hash(text)}\n${text}`)]);
    this.#serial = serial;
    this.#state = next;
    return next;
  }

  #path(turn: number): string {
    return join(this.#folder, `state-${turn}.json`);
  }
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function parse(bytes: Uint8Array | undefined): { serial: number; state: State } | undefined {
  if (bytes === undefined) return undefined;
  const text = Buffer.from(bytes).toString("utf8");
  const cut = text.indexOf("\n");
  const body = text.slice(cut + 1);
  // Only what this program wrote whole has its hash.
  return cut === 64 && text.slice(0, cut) === hash(body) ? (JSON.parse(body) as { serial: number; state: State }) : undefined;
}

// What the data of a training looks like, asked again and again while a trigger is held: the whole of it is listed rarely, and
// between two listings only its folders are looked at (files that come, go or get another name change their folder's time) and
// a part of its files, each time the next ones.

import { stat } from "node:fs/promises";
import type { RetrainSettings } from "../config/index.ts";
import { listData, lookAt, type DataList } from "./given.ts";

/** Files that are looked at between two listings. */
const FILES_AT_ONCE = 200;
/** After so long everything is listed again. */
const LIST_MS = 600_000;

export class DataWatch {
  #known: { readonly list: DataList; readonly settings: string; readonly at: number } | undefined;
  #next = 0;
  /** How often everything was listed. */
  listings = 0;

  /** As `dataState` says it, as far as a cheap look can tell. @param now milliseconds on any clock */
  async state(settings: Pick<RetrainSettings, "command" | "folder" | "data">, now: number): Promise<string | null> {
    const known = this.#known;
    const key = JSON.stringify([settings.command, settings.folder, settings.data]);
    if (known !== undefined && known.settings === key && now - known.at < LIST_MS && now >= known.at && (await this.#same(known.list))) return known.list.state;
    this.listings++;
    const list = await listData(settings);
    this.#known = { list, settings: key, at: now };
    this.#next = 0;
    return list.state;
  }

  async #same({ folders, files, programs }: DataList): Promise<boolean> {
    for (const [path, changedMs] of folders) {
      const found = await stat(path).catch(() => undefined);
      if (found?.isDirectory() !== true || found.mtimeMs !== changedMs) return false;
    }
    const count = Math.min(FILES_AT_ONCE, files.length);
    for (let i = 0; i < count; i++) {
      const [path, bytes, changedMs] = files[(this.#next + i) % files.length]!;
      const found = await lookAt(path);
      if ((found?.[1] ?? 0) !== bytes || (found?.[2] ?? 0) !== changedMs) return false;
    }
    this.#next = files.length === 0 ? 0 : (this.#next + count) % files.length;
    for (const [path, seen] of programs) if (JSON.stringify((await lookAt(path)) ?? null) !== seen) return false;
    return true;
  }
}

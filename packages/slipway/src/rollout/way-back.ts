// Which version an alias can be put back to, by its history: the one that it named before the one in use came there. A
// return to an earlier version takes back what came after it, so that going back twice goes back twice.

export interface Move {
  readonly version: number | null;
}

/** @param moves the earliest first @returns undefined where nothing was there before */
export function versionBefore(moves: readonly Move[]): number | undefined {
  const way: number[] = [];
  for (const { version } of moves) {
    if (version === null) continue;
    const earlier = way.indexOf(version);
    if (earlier >= 0) way.length = earlier + 1;
    else way.push(version);
  }
  return way.at(-2);
}

// Work on what a stream brings: several at a time, answered in the order in which they came. No more is taken from the
// stream than is worked on, so that what waits, waits with the sender.

/** @param width how many at a time */
export async function* inOrder<Q, R>(source: AsyncIterable<Q>, width: number, work: (item: Q) => Promise<R>): AsyncGenerator<R, void, undefined> {
  const items = source[Symbol.asyncIterator]();
  const running: Promise<R>[] = [];
  let next: Promise<IteratorResult<Q>> | undefined;
  let ended = false;
  try {
    while (!ended || running.length > 0) {
      if (!ended && running.length < width) {
        next ??= items.next();
        const came = await (running.length === 0 ? next : Promise.race([next, running[0]!.then(() => undefined, () => undefined)]));
        if (came !== undefined) {
          next = undefined;
          if (came.done === true) ended = true;
          else {
            const started = work(came.value);
            started.catch(() => undefined);
            running.push(started);
          }
          continue;
        }
      }
      if (running.length > 0) yield await running.shift()!;
    }
  } finally {
    next?.catch(() => undefined);
    if (!ended) void items.return?.().catch(() => undefined);
  }
}

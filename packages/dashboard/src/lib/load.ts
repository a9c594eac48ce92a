// Data of a page: what was loaded before is shown at once and renewed behind it.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { asApiError, get, type ApiError } from "../api/client.ts";

export interface Loaded<T> {
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  /** Loads again; resolves when it is there. */
  readonly reload: () => Promise<void>;
}

const MAX_KEPT = 60;
const kept = new Map<string, unknown>();

/** Everything that was loaded belongs to whoever was signed in. */
export function forgetLoaded(): void {
  kept.clear();
}

/** `path` undefined: nothing to load. `everyMs`: loaded again and again while it is shown and the page is seen. */
export function useLoad<T>(path: string | undefined, everyMs?: number): Loaded<T> {
  const [state, setState] = useState<{ path: string | undefined; data: T | undefined; error: ApiError | undefined }>({ path, data: path === undefined ? undefined : (kept.get(path) as T | undefined), error: undefined });
  const latest = useRef(0);
  const load = useCallback(async (): Promise<void> => {
    if (path === undefined) return;
    const turn = ++latest.current;
    try {
      const data = await get<T>(path);
      keep(path, data);
      if (turn === latest.current) setState({ path, data, error: undefined });
    } catch (error) {
      if (turn === latest.current) setState((s) => ({ path, data: s.path === path ? s.data : undefined, error: asApiError(error) }));
    }
  }, [path]);
  useEffect(() => {
    setState((s) => (s.path === path ? s : { path, data: path === undefined ? undefined : (kept.get(path) as T | undefined), error: undefined }));
    void load();
    const timer = everyMs === undefined ? undefined : setInterval(() => document.visibilityState === "visible" && void load(), everyMs);
    return () => {
      clearInterval(timer);
      latest.current++;
    };
  }, [load, everyMs]);
  const current = state.path === path;
  return { data: current ? state.data : undefined, error: current ? state.error : undefined, reload: load };
}

function keep(path: string, data: unknown): void {
  kept.delete(path);
  kept.set(path, data);
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!);
}

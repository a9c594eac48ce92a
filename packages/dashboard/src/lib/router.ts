// Which page is shown: the address bar's path through the History API. Links stay plain <a href>, so that they open in
// a new tab, are copied and are read out as links; a click on one of our own is taken here.

import { useEffect, useState } from "preact/hooks";
import { ROOT } from "../api/paths.ts";

export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const listeners = new Set<() => void>();

export function here(): Place {
  return { path: location.pathname.replace(/(.)\/$/, "$1"), query: new URLSearchParams(location.search) };
}
export function go(path: string, how: "push" | "replace" = "push"): void {
  if (how === "replace") history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  for (const tell of listeners) tell();
}

export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const tell = (): void => setPlace(here());
    listeners.add(tell);
    addEventListener("popstate", tell);
    return () => {
      listeners.delete(tell);
      removeEventListener("popstate", tell);
    };
  }, []);
  return place;
}

/** Takes clicks on links to our own pages. */
export function followLinks(): void {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest("a");
    if (link === null || link === undefined || link.target !== "" || link.hasAttribute("download")) return;
    const url = new URL(link.href, location.href);
    if (url.origin !== location.origin || !(url.pathname === ROOT || url.pathname.startsWith(`${ROOT}/`))) return;
    if (url.pathname === location.pathname && url.search === location.search && url.hash !== "") return;
    event.preventDefault();
    go(url.pathname + url.search + url.hash);
  });
}

/** `match("/dashboard/models/:name", path)` gives `{ name }`. */
export function match(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    if (part.startsWith(":")) {
      try {
        params[part.slice(1)] = decodeURIComponent(given[i]!);
      } catch {
        return undefined;
      }
    } else if (part !== given[i]) return undefined;
  }
  return params;
}

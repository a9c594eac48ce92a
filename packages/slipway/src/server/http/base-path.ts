// The part of an address under which a handler is mounted in someone's own server.

/** "/api/model" of "api/model/", undefined of "" and "/". */
export function basePathOf(prefix: string | undefined): string | undefined {
  const path = `/${(prefix ?? "").split("/").filter((part) => part !== "").join("/")}`;
  return path === "/" ? undefined : path;
}

/** A framework that mounts by itself has taken it off already: then the address is as it was. */
export function withoutBase(url: string, base: string | undefined): string {
  if (base === undefined || !url.startsWith(base)) return url;
  const rest = url.slice(base.length);
  return rest === "" ? "/" : rest.startsWith("/") ? rest : rest.startsWith("?") ? `/${rest}` : url;
}

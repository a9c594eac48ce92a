// Who is signed in: known to every page.

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Me } from "./api/types.ts";

export interface Session {
  readonly me: Me;
  may(act: Me["can"][number]): boolean;
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error("no one is signed in");
  return session;
}

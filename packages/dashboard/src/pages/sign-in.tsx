// Signing in: with an API key, with the organisation's account where one is set up, or by the link that `slipway up`
// prints once. The link's code stands behind the #, which browsers send to no server and write into no log.

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { asApiError, get, send, type ApiError } from "../api/client.ts";
import { api, page, withQuery } from "../api/paths.ts";
import type { Me } from "../api/types.ts";
import type { Place } from "../lib/router.ts";
import { go } from "../lib/router.ts";
import { Failure, Field, Loading } from "../parts/basics.tsx";
import { Mark } from "../parts/icons.tsx";
import { ThemeButton } from "../shell.tsx";

interface Ways {
  readonly key: boolean;
  readonly oidc: { readonly name: string; readonly start: string } | null;
  readonly link: boolean;
}

export function SignInPage({ place, onSignedIn }: { readonly place: Place; readonly onSignedIn: (me: Me) => void }): VNode {
  const [ways, setWays] = useState<Ways | undefined>(undefined);
  const [key, setKey] = useState("");
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const to = place.path === page.signIn ? (place.query.get("to") ?? page.models) : place.path + (location.search === "" ? "" : location.search);

  const signIn = async (body: { readonly key: string } | { readonly code: string }): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      await send("POST", api.session, body);
      const me = await get<Me>(api.me);
      go(to.startsWith(page.signIn) ? page.models : to, "replace");
      onSignedIn(me);
    } catch (error) {
      setFailure(asApiError(error));
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => {
    document.title = "Sign in · Slipway";
    get<Ways>(api.signIn).then(setWays, (error: unknown) => setFailure(asApiError(error)));
    const useLink = (): void => {
      const code = /^#code=([\w-]{20,100})$/.exec(location.hash)?.[1];
      if (code === undefined) return;
      history.replaceState(null, "", location.pathname + location.search);
      void signIn({ code });
    };
    useLink();
    // The link may be opened in the tab that shows this page already.
    addEventListener("hashchange", useLink);
    return () => removeEventListener("hashchange", useLink);
  }, []);
  const refused = place.query.get("error");

  return <main class="sign-in">
    <div class="brand"><Mark size={30} />Slipway</div>
    <section class="panel" aria-labelledby="sign-in-title">
      <h1 id="sign-in-title" tabIndex={-1}>Sign in</h1>
      {refused !== null && failure === undefined && <div class="note bad" role="alert"><strong>Signing in did not succeed.</strong><p>{refused.slice(0, 300)}</p></div>}
      {failure !== undefined && <Failure error={failure} />}
      {ways === undefined && failure === undefined && <Loading />}
      {ways?.oidc !== null && ways?.oidc !== undefined && <a class="button primary" href={withQuery(ways.oidc.start, { to })} target="_self" download={undefined}>Sign in with {ways.oidc.name}</a>}
      {ways?.oidc !== null && ways?.oidc !== undefined && ways.key && <p class="or">or</p>}
      {ways?.key === true && <form class="stack" onSubmit={(e) => {
        e.preventDefault();
        if (key.trim() !== "") void signIn({ key: key.trim() });
      }}>
        <Field id="key" label="API key" hint="It is exchanged for a session of this browser and not kept."><input id="key" type="password" autoComplete="off" spellcheck={false} aria-describedby="key-hint" value={key} onInput={(e) => setKey(e.currentTarget.value)} /></Field>
        <button type="submit" class={ways.oidc === null ? "primary" : ""} aria-busy={busy} disabled={busy}>Sign in with a key</button>
      </form>}
      {ways?.link === true && <p class="small soft">The first time, whoever started this server opens the link that it printed.</p>}
    </section>
    <p class="small soft">An administrator makes keys for people and programs, on the page Keys.</p>
    <div><ThemeButton /></div>
  </main>;
}

// The frame: navigation, who is signed in, the theme.

import type { ComponentChildren, VNode } from "preact";
import { useState } from "preact/hooks";
import { send } from "./api/client.ts";
import { api, page, withQuery } from "./api/paths.ts";
import type { ReleaseRequest } from "./api/types.ts";
import { useLoad } from "./lib/load.ts";
import { go, type Place } from "./lib/router.ts";
import { readTheme, setTheme, type Theme } from "./lib/theme.ts";
import { Chip } from "./parts/basics.tsx";
import { Icon, Mark, type IconName } from "./parts/icons.tsx";
import { useSession } from "./session.ts";

export function Shell({ place, children, onSignedOut }: { readonly place: Place; readonly children: ComponentChildren; readonly onSignedOut: () => void }): VNode {
  const { me, may } = useSession();
  const open = useLoad<{ readonly requests: readonly ReleaseRequest[] }>(withQuery(api.requests, { state: "open" }), 20_000);
  const waiting = open.data?.requests.length ?? 0;
  const links: readonly (readonly [string, string, IconName, number?])[] = [
    ["Models", page.models, "models"], ["Approvals", page.approvals, "approvals", waiting], ["Rollouts", page.rollouts, "rollouts"], ["Trainings", page.retrains, "retrains"], ["Batch runs", page.batch, "batch"],
    ...(may("observe") ? [["Monitoring", page.monitoring, "monitoring"] as const, ["Audit", page.audit, "audit"] as const] : []), ...(may("govern") ? [["Webhooks", page.webhooks, "webhooks"] as const, ["Keys", page.keys, "key"] as const] : []),
  ];
  const signOut = async (): Promise<void> => {
    await send("DELETE", api.session).catch(() => undefined);
    onSignedOut();
    go(page.signIn);
  };
  return <div class="shell">
    <a class="skip" href="#main">To the content</a>
    <header class="side">
      <a class="brand" href={page.models}><Mark />Slipway</a>
      <nav aria-label="Main"><ul>{links.map(([text, href, icon, count = 0]) => <li key={href}>
        <a href={href} aria-current={place.path === href || (place.path.startsWith(`${href}/`) && !(href === page.models && place.path.endsWith("/monitoring"))) || (href === page.models && place.path === page.offer) || (href === page.monitoring && place.path.endsWith("/monitoring")) ? "page" : undefined}>
          <Icon name={icon} />{text}{count > 0 && <span class="count"><Chip tone="accent">{count}<span class="visually-hidden"> open</span></Chip></span>}
        </a>
      </li>)}</ul></nav>
      <div class="who">
        <a class="name" href={page.account} aria-current={place.path === page.account ? "page" : undefined}>{me.name}</a>
        <div class="row"><ThemeButton /><button type="button" class="quiet small" onClick={() => void signOut()}><Icon name="out" size={16} />Sign out</button></div>
      </div>
    </header>
    <main id="main" tabIndex={-1}>{children}</main>
  </div>;
}

const NEXT: Readonly<Record<Theme, Theme>> = { auto: "light", light: "dark", dark: "auto" };
const NAME: Readonly<Record<Theme, string>> = { auto: "as the system", light: "light", dark: "dark" };
const ICON: Readonly<Record<Theme, IconName>> = { auto: "auto", light: "sun", dark: "moon" };

export function ThemeButton(): VNode {
  const [theme, set] = useState(readTheme);
  return <button type="button" class="icon" aria-label={`Theme: ${NAME[theme]}. Change to ${NAME[NEXT[theme]]}`} title={`Theme: ${NAME[theme]}`} onClick={() => {
    setTheme(NEXT[theme]);
    set(NEXT[theme]);
  }}><Icon name={ICON[theme]} /></button>;
}

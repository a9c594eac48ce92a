// The application: who is signed in, the frame, and the page that the address names. Pages beyond the list of models are
// loaded when they are first shown.

import type { ComponentType, VNode } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { asApiError, get, whenSignedOut, type ApiError } from "./api/client.ts";
import { api, page, ROOT } from "./api/paths.ts";
import type { Me } from "./api/types.ts";
import { forgetLoaded } from "./lib/load.ts";
import { go, match, usePlace, type Place } from "./lib/router.ts";
import { Failure, Loading } from "./parts/basics.tsx";
import { Toasts } from "./parts/toasts.tsx";
import { Shell } from "./shell.tsx";
import { SessionContext, type Session } from "./session.ts";
import { ModelsPage } from "./pages/models.tsx";
import { SignInPage } from "./pages/sign-in.tsx";

// Each page takes the parameters that its address has.
// eslint-disable-next-line typescript/no-explicit-any -- the table below keeps address and page together
type Page = ComponentType<any>;
const ROUTES: readonly (readonly [pattern: string, load: () => Promise<Page> | Page])[] = [
  [page.models, () => ModelsPage],
  [page.offer, async () => (await import("./pages/offer.tsx")).OfferPage],
  [`${ROOT}/models/:name`, async () => (await import("./pages/model.tsx")).ModelPage],
  [page.monitoring, async () => (await import("./pages/monitoring.tsx")).MonitoringPage],
  [`${ROOT}/models/:name/monitoring`, async () => (await import("./pages/model-monitoring.tsx")).ModelMonitoringPage],
  [`${ROOT}/models/:name/catalogue`, async () => (await import("./pages/catalogue.tsx")).CataloguePage],
  [`${ROOT}/models/:name/versions/:version`, async () => (await import("./pages/version.tsx")).VersionPage],
  [`${ROOT}/models/:name/versions/:version/:tab`, async () => (await import("./pages/version.tsx")).VersionPage],
  [page.approvals, async () => (await import("./pages/approvals.tsx")).ApprovalsPage],
  [`${ROOT}/approvals/:id`, async () => (await import("./pages/request.tsx")).RequestPage],
  [page.batch, async () => (await import("./pages/batch.tsx")).BatchPage],
  [`${ROOT}/batch/:schedule`, async () => (await import("./pages/schedule.tsx")).SchedulePage],
  [`${ROOT}/batch/:schedule/:run`, async () => (await import("./pages/run.tsx")).RunPage],
  [page.rollouts, async () => (await import("./pages/rollouts.tsx")).RolloutsPage],
  [`${ROOT}/rollouts/:id`, async () => (await import("./pages/rollout.tsx")).RolloutPage],
  [page.retrains, async () => (await import("./pages/retrains.tsx")).RetrainsPage],
  [`${ROOT}/retrains/:id`, async () => (await import("./pages/retrain.tsx")).RetrainPage],
  [page.audit, async () => (await import("./pages/audit.tsx")).AuditPage],
  [page.webhooks, async () => (await import("./pages/webhooks.tsx")).WebhooksPage],
  [`${ROOT}/webhooks/:id`, async () => (await import("./pages/webhook.tsx")).WebhookPage],
  [page.keys, async () => (await import("./pages/keys.tsx")).KeysPage],
  [page.account, async () => (await import("./pages/account.tsx")).AccountPage],
];

/** What somebody is called who has not said who they are, where such may look. */
const ANONYMOUS = "anonymous";

export function App(): VNode {
  const place = usePlace();
  const [me, setMe] = useState<Me | null | undefined>(undefined);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const look = (): void => {
    setFailure(undefined);
    get<Me>(api.me).then((who) => setMe(who.name === ANONYMOUS ? null : who), (error: unknown) => {
      const failed = asApiError(error);
      if (failed.status === 401 || failed.status === 403) setMe(null);
      else setFailure(failed);
    });
  };
  useEffect(() => {
    whenSignedOut(() => {
      forgetLoaded();
      setMe(null);
    });
    look();
  }, []);
  const session = useMemo<Session | undefined>(() => (me === null || me === undefined ? undefined : { me, may: (act) => me.can.includes(act) }), [me]);

  const signing = place.path === page.signIn;
  useEffect(() => {
    if (place.path === ROOT || (signing && session !== undefined)) go(place.query.get("to") ?? page.models, "replace");
  }, [place.path, session !== undefined]);

  if (failure !== undefined) return <main class="page narrow"><Failure error={failure} retry={look} /></main>;
  if (me === undefined) return <main><Loading what="Looking who is signed in" /></main>;
  if (session === undefined) return <><SignInPage place={place} onSignedIn={setMe} /><Toasts /></>;
  return <SessionContext.Provider value={session}>
    <Shell place={place} onSignedOut={() => {
      forgetLoaded();
      setMe(null);
    }}>
      <Routed place={place} />
    </Shell>
    <Toasts />
  </SessionContext.Provider>;
}

function Routed({ place }: { readonly place: Place }): VNode {
  const found = useMemo(() => {
    for (const [pattern, load] of ROUTES) {
      const params = match(pattern, place.path);
      if (params !== undefined) return { load, params };
    }
    return undefined;
  }, [place.path]);
  const [loaded, setLoaded] = useState<{ readonly load: unknown; readonly Page: Page } | undefined>(undefined);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  useEffect(() => {
    if (found === undefined) return;
    setFailure(undefined);
    const page = found.load();
    if (!(page instanceof Promise)) return setLoaded({ load: found.load, Page: page });
    page.then((Page) => setLoaded({ load: found.load, Page }), (error: unknown) => setFailure(asApiError(error)));
  }, [found?.load]);

  if (found === undefined) return place.path === ROOT || place.path === page.signIn ? <Loading /> : <NotFound path={place.path} />;
  if (failure !== undefined) return <div class="page narrow"><Failure error={failure} retry={() => location.reload()} /></div>;
  if (loaded === undefined || loaded.load !== found.load) return <Loading />;
  const { Page } = loaded;
  // Another model is another page: nothing of the last one's state stays.
  return <Page key={JSON.stringify({ ...found.params, tab: undefined })} {...found.params} place={place} />;
}

function NotFound({ path }: { readonly path: string }): VNode {
  return <div class="page narrow"><h1>There is no such page</h1><p class="soft">Nothing is at <code>{path.slice(0, 200)}</code>.</p><p><a href={page.models}>To the models</a></p></div>;
}

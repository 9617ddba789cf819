import { effect, signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { go, place } from "../lib/location.ts";
import { asError } from "../lib/resource.ts";
import { ErrorState, ForbiddenState, Skeleton } from "../ui/states.tsx";
import { Toasts } from "../ui/toast.tsx";
import { Frame } from "./frame/frame.tsx";
import { homeOf, pageAt, type PageProps, type PageSpec, seenBy } from "./pages.ts";
import { can, loadSession, me, phase, rolesWith, startError } from "./session.ts";
import { SignInPage } from "./sign-in-page.tsx";

type Loaded = { page: PageSpec; Body: ComponentType<PageProps> } | { page: PageSpec; failure: unknown };

/** The page whose code has arrived; the one before stays on screen until then. */
const loaded = signal<Loaded | undefined>(undefined);

function bring(page: PageSpec): void {
  page.load().then(
    (module) => (loaded.value = { page, Body: module.default }),
    (failure: unknown) => (loaded.value = { page, failure }),
  );
}

effect(() => {
  if (phase.value !== "ready") return;
  const found = pageAt(place.value.path);
  if (!found && (place.value.path.replace(/\/$/, "") === "/console" || place.value.path.startsWith("/console/sign-in"))) {
    go(homeOf(me.value?.actions ?? []), { replace: true });
  }
  if (found && loaded.peek()?.page !== found.page) bring(found.page);
});

function PageBody() {
  const found = pageAt(place.value.path);
  useEffect(() => {
    const name = found?.params["host"] ?? found?.page.name ?? "Not found";
    document.title = `${name} · ${me.value?.tenant.name ?? "Meridian"}`;
  }, [place.value.path]);
  if (!found) {
    return (
      <ErrorState
        failure={{ title: "There is no such page", detail: "The address may be old or mistyped. The navigation leads to every page." }}
      />
    );
  }
  const { page, params } = found;
  if (!can(page.action)) {
    return <ForbiddenState title={`Your role (${me.value?.role}) does not include ${page.what}`} seenBy={seenBy(rolesWith(page.action))} />;
  }
  const ready = loaded.value;
  if (ready?.page !== page) return <Skeleton rows={4} />;
  if ("failure" in ready) {
    const failure = {
      title: "This page could not be loaded",
      detail: `${asError(ready.failure).detail}. A new version may have been deployed.`,
    };
    return <ErrorState failure={failure} onRetry={() => location.reload()} />;
  }
  return <ready.Body params={params} />;
}

export function App() {
  if (place.value.path.startsWith("/console/join")) return <Entrance />;
  switch (phase.value) {
    case "starting":
      return <Skeleton rows={1} />;
    case "signed-out":
      return <Entrance />;
    case "unreachable":
      return (
        <main class="entrance">
          <h1 class="visually-hidden">Meridian</h1>
          <ErrorState
            failure={{
              title: "The server does not answer",
              detail: `${startError.value?.detail.replace(/\.$/, "") ?? "The connection failed"}. The console needs it to show anything.`,
              requestId: startError.value?.requestId,
            }}
            onRetry={() => void loadSession()}
          />
        </main>
      );
    case "ready":
      return (
        <>
          <Frame>
            <PageBody />
          </Frame>
          <Toasts />
        </>
      );
  }
}

function Entrance() {
  return (
    <>
      <SignInPage />
      <Toasts />
    </>
  );
}

import { useSignal } from "@preact/signals";
import { LogOut } from "lucide";
import { asError, useResource } from "../../lib/resource.ts";
import { theme, THEMES } from "../../lib/theme.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { Skeleton } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { THEME_WORDS } from "../frame/account-menu.tsx";
import { failureOf, PageError } from "../page-error.tsx";
import { me, signOut } from "../session.ts";
import { PasswordForm } from "./password-form.tsx";

function failed(failure: unknown): void {
  toast(asError(failure).detail, { tone: "critical" });
}

function Appearance() {
  return (
    <Card title="Appearance">
      <fieldset class="plain">
        <legend>Theme</legend>
        <div class="choices">
          {THEMES.map((name) => (
            <label key={name} class="choice">
              <input type="radio" name="theme" checked={theme.value === name} onChange={() => (theme.value = name)} />
              {THEME_WORDS[name]}
            </label>
          ))}
        </div>
      </fieldset>
    </Card>
  );
}

function Sessions() {
  const sessions = useResource("sessions", (signal) => api.auth.sessions({ signal }));
  const busy = useSignal(false);
  const items = sessions.data.value?.items;
  const others = items?.filter(({ current }) => !current).length ?? 0;
  const end = (work: Promise<unknown>) => {
    busy.value = true;
    work.then(sessions.reload, failed).finally(() => (busy.value = false));
  };
  return (
    <Card
      title="Where you are signed in"
      aside={
        others > 0 && (
          <Button busy={busy.value} onClick={() => end(api.auth.endOtherSessions())}>
            End all others
          </Button>
        )
      }
    >
      {!items && sessions.error.value && (
        <PageError failure={failureOf(sessions.error.value, "Your sessions could not be read")} onRetry={sessions.reload} />
      )}
      {!items && !sessions.error.value && <Skeleton rows={2} />}
      <ul class="sessions">
        {items?.map(({ id, current, device, lastSeenAt }) => (
          <li key={id}>
            <div>
              <div>{current ? "This browser" : (device ?? "a program that does not say its name")}</div>
              <div class="muted">
                seen <When at={lastSeenAt} />
              </div>
            </div>
            {!current && (
              <Button kind="quiet" busy={busy.value} onClick={() => end(api.auth.endSession(id))}>
                End
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** The person: how the console looks, the password, where they are signed in. */
export default function SettingsPage() {
  const person = me.value;
  return (
    <>
      <PageHead
        tone="ok"
        headline={person?.name ?? "Settings"}
        detail={`${person?.email ?? ""} · ${person?.role ?? ""} of ${person?.tenant.name ?? ""}`}
        actions={
          <Button icon={LogOut} onClick={() => void signOut().catch(failed)}>
            Sign out
          </Button>
        }
      />
      <div class="settings-grid">
        <Appearance />
        <Card title="Password">
          <PasswordForm />
        </Card>
        <Sessions />
      </div>
    </>
  );
}

import { LogOut } from "lucide";
import { asError } from "../../lib/resource.ts";
import { theme, THEMES } from "../../lib/theme.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { toast } from "../../ui/toast.tsx";
import { THEME_WORDS } from "../frame/account-menu.tsx";
import { me, signOut } from "../session.ts";
import { PasskeysCard } from "./passkeys-card.tsx";
import { PasswordForm } from "./password-form.tsx";
import { SessionsCard } from "./sessions-card.tsx";
import { TwoFactorCard } from "./two-factor-card.tsx";
import "./settings.css";

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

/** The person: how the console looks, how they sign in, and where they are signed in. */
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
        <div class="stack">
          <Appearance />
          <Card title="Password">
            <PasswordForm />
          </Card>
        </div>
        <div class="stack">
          <TwoFactorCard />
          <PasskeysCard />
        </div>
        <SessionsCard />
      </div>
    </>
  );
}

import { Building2, LogOut, MonitorCog, Moon, Palette, Settings, Sun, UserRound, Waves } from "lucide";
import { asError } from "../../lib/resource.ts";
import { type Theme, theme, THEMES } from "../../lib/theme.ts";
import { Icon } from "../../ui/icon.tsx";
import { Menu, MenuItem } from "../../ui/menu.tsx";
import { toast } from "../../ui/toast.tsx";
import { me, signOut, switchTenant } from "../session.ts";

const THEME_ICONS = { system: MonitorCog, dark: Moon, light: Sun, ocean: Waves, sunset: Palette } as const;
export const THEME_WORDS: Record<Theme, string> = {
  system: "Follow the system",
  dark: "Dark",
  light: "Light",
  ocean: "Ocean",
  sunset: "Sunset",
};

function attempt(work: () => Promise<void>): void {
  work().catch((failure: unknown) => toast(asError(failure).detail, { tone: "critical" }));
}

function ThemeItems({ onDone }: { onDone: () => void }) {
  return THEMES.map((name) => (
    <MenuItem
      key={name}
      icon={THEME_ICONS[name]}
      chosen={theme.value === name}
      onChoose={() => {
        theme.value = name;
        onDone();
      }}
    >
      {THEME_WORDS[name]}
    </MenuItem>
  ));
}

function TenantItems({ onDone }: { onDone: () => void }) {
  return (me.value?.tenants ?? []).map((tenant) => (
    <MenuItem
      key={tenant.id}
      icon={Building2}
      chosen={tenant.id === me.value?.tenant.id}
      hint={tenant.role}
      onChoose={() => {
        onDone();
        if (tenant.id !== me.value?.tenant.id) attempt(() => switchTenant(tenant.id));
      }}
    >
      {tenant.name}
    </MenuItem>
  ));
}

function SignOutItem() {
  return (
    <MenuItem icon={LogOut} onChoose={() => attempt(signOut)}>
      Sign out
    </MenuItem>
  );
}

export function ThemeMenu() {
  return (
    <Menu class="wide-only" label={`Theme: ${THEME_WORDS[theme.value]}`} button={<Icon of={THEME_ICONS[theme.value]} />}>
      {(close) => <ThemeItems onDone={close} />}
    </Menu>
  );
}

export function TenantMenu() {
  const tenant = me.value?.tenant;
  return (
    <Menu
      class="wide-only"
      label={`Tenant: ${tenant?.name ?? ""}`}
      button={
        <>
          <Icon of={Building2} />
          <span class="tenant-name">{tenant?.name}</span>
        </>
      }
    >
      {(close) => <TenantItems onDone={close} />}
    </Menu>
  );
}

export function PersonMenu() {
  return (
    <Menu class="wide-only" label={me.value?.name ?? "Person"} button={<Icon of={UserRound} />}>
      {(close) => (
        <>
          <div class="menu-note">
            {me.value?.name}
            <div class="muted">{me.value?.email}</div>
          </div>
          <a class="menu-item" href="/console/settings" onClick={close}>
            <Icon of={Settings} />
            <span class="menu-words">Settings</span>
          </a>
          <SignOutItem />
        </>
      )}
    </Menu>
  );
}

/** All three menus as one list, for the phone's "more". */
export function AccountItems({ onDone }: { onDone: () => void }) {
  return (
    <>
      <TenantItems onDone={onDone} />
      <hr />
      <ThemeItems onDone={onDone} />
      <hr />
      <SignOutItem />
    </>
  );
}

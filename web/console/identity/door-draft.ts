import type { Grant } from "../../../contract/grants.ts";
import type { SettingsView, TenantSettings } from "../../../contract/settings.ts";
import { plural } from "../../lib/format.ts";
import type { Tone } from "../../ui/state-badge.tsx";
import { sentGrants } from "./grants-editor.tsx";

/** The door's settings as a form holds them; lists are text, one per line. */
export interface DoorDraft {
  readonly origins: string;
  readonly hosts: string;
  readonly defaultGrants: readonly Grant[];
  readonly accounts: boolean;
  readonly guests: boolean;
  readonly mailWebhookUrl: string;
}

export function draftOf({ origins, hosts, defaultGrants, hostedAccounts }: TenantSettings): DoorDraft {
  return {
    origins: origins.join("\n"),
    hosts: hosts.join("\n"),
    defaultGrants,
    accounts: hostedAccounts.enabled,
    guests: hostedAccounts.guests,
    mailWebhookUrl: hostedAccounts.mailWebhookUrl ?? "",
  };
}

export function settingsOf(draft: DoorDraft): TenantSettings {
  return {
    origins: linesOf(draft.origins),
    hosts: linesOf(draft.hosts),
    defaultGrants: sentGrants(draft.defaultGrants),
    hostedAccounts: {
      enabled: draft.accounts,
      guests: draft.accounts && draft.guests,
      mailWebhookUrl: draft.mailWebhookUrl.trim() === "" ? null : draft.mailWebhookUrl.trim(),
    },
  };
}

export function isChanged(draft: DoorDraft, stored: TenantSettings): boolean {
  return JSON.stringify(settingsOf(draft)) !== JSON.stringify(settingsOf(draftOf(stored)));
}

/** The top line: what the door lets in. */
export function doorHead({ settings, hosts }: SettingsView, slug: string): { tone: Tone; headline: string; detail: string } {
  const waiting = hosts.filter(({ state }) => state === "waiting").length;
  const { enabled, guests, mailWebhookUrl } = settings.hostedAccounts;
  const at = `the door is /p/${slug}/v1/…`;
  if (enabled && mailWebhookUrl === null) {
    return { tone: "warn", headline: "Accounts are open, and nobody gets a mail", detail: `set where mails are handed over; ${at}` };
  }
  if (waiting > 0) return { tone: "warn", headline: `${plural(waiting, "host")} to be proved`, detail: at };
  if (!enabled) return { tone: "ok", headline: "No accounts of our own", detail: `tokens that you mint or bring work; ${at}` };
  return { tone: "ok", headline: guests ? "Accounts and guests are open" : "Accounts are open", detail: at };
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

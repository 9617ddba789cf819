import type { Grant } from "../../../contract/grants.ts";
import type { SettingsView, TenantSettings } from "../../../contract/settings.ts";
import { plural } from "../../lib/format.ts";
import type { Tone } from "../../ui/state-badge.tsx";
import { grantWords, sentGrants } from "./grant-words.ts";

/** The door's settings as a form holds them; lists are text, one per line. */
export interface DoorDraft {
  readonly origins: string;
  readonly hosts: string;
  readonly defaultGrants: readonly Grant[];
  readonly accounts: boolean;
  readonly guests: boolean;
  readonly mailWebhookUrl: string;
}

/** The form's parts: what they are called within a sentence, and where the server's errors about them point. */
export const DOOR_FIELDS = {
  accounts: { words: "whether accounts are open", pointer: "/hostedAccounts/enabled" },
  guests: { words: "whether guests may come", pointer: "/hostedAccounts/guests" },
  defaultGrants: { words: "the grants of accounts", pointer: "/defaultGrants" },
  mailWebhookUrl: { words: "where mails go", pointer: "/hostedAccounts/mailWebhookUrl" },
  origins: { words: "origins", pointer: "/origins" },
  hosts: { words: "hosts", pointer: "/hosts" },
} as const satisfies Record<keyof DoorDraft, { readonly words: string; readonly pointer: string }>;
export type DoorField = keyof DoorDraft;
const FIELDS = Object.keys(DOOR_FIELDS) as readonly DoorField[]; // the keys of a record are its key type

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

/** The parts of the form that differ, as they would be sent: an empty line or a space changes nothing. */
export function changedFields(draft: DoorDraft, stored: TenantSettings): DoorField[] {
  const [mine, theirs] = [draftOf(settingsOf(draft)), draftOf(settingsOf(draftOf(stored)))];
  return FIELDS.filter((field) => !same(mine[field], theirs[field]));
}

export interface Merged {
  readonly draft: DoorDraft;
  /** What somebody else changed meanwhile and the form takes over. */
  readonly taken: readonly DoorField[];
  /** What both changed: the form keeps its own. */
  readonly both: readonly DoorField[];
}

/** Brings a draft that was begun on older settings up to those that somebody else saved meanwhile; nothing that was typed is lost. */
export function mergeDraft(base: TenantSettings, mine: DoorDraft, theirs: TenantSettings): Merged {
  const [theirDraft, changed, changedByThem] = [draftOf(theirs), changedFields(mine, base), changedFields(draftOf(theirs), base)];
  const taken = changedByThem.filter((field) => !changed.includes(field));
  const both = changedByThem.filter((field) => changed.includes(field) && !same(settingsPart(mine, field), theirDraft[field]));
  return { draft: { ...mine, ...Object.fromEntries(taken.map((field) => [field, theirDraft[field]])) }, taken, both };
}

/** A part of saved settings as text, to be shown beside what the form has. */
export function fieldText(settings: TenantSettings, field: DoorField): string {
  const value = draftOf(settings)[field];
  if (typeof value === "boolean") return value ? "yes" : "no";
  const text = typeof value === "string" ? value : value.map(grantWords).join("\n");
  return text === "" ? "nothing" : text;
}

/** `origins, hosts and where mails go` */
export function fieldNames(fields: readonly DoorField[]): string {
  return new Intl.ListFormat("en-GB").format(fields.map((field) => DOOR_FIELDS[field].words));
}

/** A line of a text as an error names it: its number and what stands there. */
export function lineWords(text: string): (place: string) => string {
  return (place) => `line ${Number(place) + 1} (${linesOf(text)[Number(place)] ?? ""})`;
}

/** The top line: what the door lets in. */
export function doorHead({ settings, hosts, mailSecretSet }: SettingsView): {
  tone: Tone;
  headline: string;
  detail: string;
} {
  const waiting = hosts.filter(({ state }) => state === "waiting").length;
  const { enabled, guests, mailWebhookUrl } = settings.hostedAccounts;
  if (enabled && mailWebhookUrl === null) {
    return { tone: "warn", headline: "Accounts are open, and nobody gets a mail", detail: "say below where mails are handed over" };
  }
  if (enabled && !mailSecretSet) {
    return { tone: "warn", headline: "Accounts are open, and no mail can be signed", detail: "make the signing secret below" };
  }
  if (waiting > 0) return { tone: "warn", headline: `${plural(waiting, "host")} to be proved`, detail: "each leads here once it is" };
  if (!enabled)
    return { tone: "ok", headline: "No accounts here", detail: "end users come with tokens that you mint or your issuers sign" };
  return {
    tone: "ok",
    headline: guests ? "Accounts and guests are open" : "Accounts are open",
    detail: "end users register at your door",
  };
}

function settingsPart(draft: DoorDraft, field: DoorField): DoorDraft[DoorField] {
  return draftOf(settingsOf(draft))[field];
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

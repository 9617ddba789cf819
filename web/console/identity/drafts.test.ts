import { describe, expect, it } from "vitest";
import type { Issuer } from "../../../contract/issuers.ts";
import { FIRST_SETTINGS, type HostState, type SettingsView, type TenantSettings } from "../../../contract/settings.ts";
import {
  changedFields,
  type DoorDraft,
  doorHead,
  draftOf,
  fieldNames,
  fieldText,
  lineWords,
  mergeDraft,
  settingsOf,
} from "./door-draft.ts";
import { draftOf as issuerDraftOf, type IssuerDraft, putOf } from "./issuer-draft.ts";

const GRANT = { kind: "metrics", name: "shop_*", actions: ["read"] };
const SAVED: TenantSettings = {
  origins: ["https://a.example"],
  hosts: ["api.example.com", "b.example.com"],
  defaultGrants: [GRANT],
  hostedAccounts: { enabled: true, guests: true, mailWebhookUrl: "https://mail.example" },
};

describe("the form of the door", () => {
  it("[UI65] holds settings and gives them back as they were", () => {
    expect(settingsOf(draftOf(SAVED))).toEqual(SAVED);
    expect(settingsOf(draftOf(FIRST_SETTINGS))).toEqual(FIRST_SETTINGS);
  });

  it("[UI65] sends lines without blanks, no empty grant, and no guests without accounts", () => {
    const draft: DoorDraft = {
      ...draftOf(SAVED),
      origins: " https://a.example \n\n https://b.example",
      defaultGrants: [
        { ...GRANT, name: " shop " },
        { ...GRANT, actions: [] },
      ],
      accounts: false,
      mailWebhookUrl: "  ",
    };
    expect(settingsOf(draft)).toEqual({
      origins: ["https://a.example", "https://b.example"],
      hosts: SAVED.hosts,
      defaultGrants: [{ ...GRANT, name: "shop" }],
      hostedAccounts: { enabled: false, guests: false, mailWebhookUrl: null },
    });
  });

  it("[UI65] knows what differs as it would be sent", () => {
    expect(changedFields(draftOf(SAVED), SAVED)).toEqual([]);
    expect(changedFields({ ...draftOf(SAVED), origins: "https://a.example\n" }, SAVED)).toEqual([]);
    expect(changedFields({ ...draftOf(SAVED), origins: "", accounts: false }, SAVED)).toEqual(["accounts", "guests", "origins"]);
    expect(fieldNames(["origins", "hosts"])).toBe("origins and hosts");
  });

  it("[UI65] takes over what somebody else saved, keeps what was typed, and names what both changed", () => {
    const mine = { ...draftOf(SAVED), origins: "https://mine.example", hosts: "mine.example.com" };
    const theirs = { ...SAVED, hosts: ["their.example.com"], defaultGrants: [] };
    const merged = mergeDraft(SAVED, mine, theirs);
    expect(merged).toEqual({ draft: { ...mine, defaultGrants: [] }, taken: ["defaultGrants"], both: ["hosts"] });
    expect(fieldText(theirs, "hosts")).toBe("their.example.com");
    expect([fieldText(theirs, "defaultGrants"), fieldText(SAVED, "defaultGrants")]).toEqual(["nothing", "read metrics shop_*"]);
    expect([fieldText(SAVED, "guests"), fieldText(FIRST_SETTINGS, "guests")]).toEqual(["yes", "no"]);
  });

  it("[UI65] has no quarrel where both did the same, or where only one did anything", () => {
    const mine = { ...draftOf(SAVED), hosts: "same.example.com" };
    expect(mergeDraft(SAVED, mine, { ...SAVED, hosts: ["same.example.com"] })).toEqual({ draft: mine, taken: [], both: [] });
    expect(mergeDraft(SAVED, mine, SAVED)).toEqual({ draft: mine, taken: [], both: [] });
    const theirs = { ...SAVED, origins: [] };
    expect(mergeDraft(SAVED, draftOf(SAVED), theirs)).toEqual({ draft: draftOf(theirs), taken: ["origins"], both: [] });
  });

  it("[UI66] names a wrong line by its number and its text", () => {
    expect(lineWords("\nhttps://a.example\n\nx y")("1")).toBe("line 2 (x y)");
  });

  it("[UI69] says in its top line what is missing, else what it lets in", () => {
    const host = (state: HostState["state"]): HostState => ({
      host: "h",
      state,
      dnsName: "d",
      dnsValue: "v",
      wellKnownPath: "/w",
      verifiedAt: null,
    });
    const head = (hosted: Partial<TenantSettings["hostedAccounts"]>, more: Partial<SettingsView> = {}) =>
      doorHead({
        settings: { ...SAVED, hostedAccounts: { ...SAVED.hostedAccounts, ...hosted } },
        hosts: [host("verified")],
        mailSecretSet: true,
        ...more,
      });
    expect(head({ mailWebhookUrl: null })).toMatchObject({ tone: "warn", headline: "Accounts are open, and nobody gets a mail" });
    expect(head({}, { mailSecretSet: false })).toMatchObject({ tone: "warn", headline: "Accounts are open, and no mail can be signed" });
    expect(head({}, { hosts: [host("waiting"), host("waiting")] })).toMatchObject({ tone: "warn", headline: "2 hosts to be proved" });
    expect(head({})).toMatchObject({ tone: "ok", headline: "Accounts and guests are open" });
    expect(head({ guests: false })).toMatchObject({ tone: "ok", headline: "Accounts are open" });
    expect(head({ enabled: false, mailWebhookUrl: null }, { mailSecretSet: false })).toMatchObject({
      tone: "ok",
      headline: "No accounts here",
    });
  });
});

const ISSUER: Issuer = {
  name: "school",
  iss: "https://school.example",
  audiences: ["a", "b"],
  jwksUrl: null,
  jwks: { keys: [{ kty: "EC", kid: "1" }] },
  algorithms: ["ES256"],
  mapping: { name: "name", avatarUrl: null, grants: [GRANT], rules: [{ claim: "roles", value: "editor", grants: [GRANT] }] },
  createdAt: "2026-11-20T10:00:00Z",
  changedAt: "2026-11-20T10:00:00Z",
};

describe("the form of an issuer", () => {
  it("[UI67] holds an issuer and gives it back as it was", () => {
    expect(putOf(issuerDraftOf(ISSUER))).toEqual({
      put: {
        iss: ISSUER.iss,
        audiences: ["a", "b"],
        jwks: ISSUER.jwks,
        mapping: { name: "name", grants: [GRANT], rules: ISSUER.mapping.rules },
      },
    });
    const byUrl = issuerDraftOf({ ...ISSUER, jwks: null, jwksUrl: "https://school.example/keys" });
    expect(byUrl.source).toBe("url");
    expect(putOf(byUrl)).toMatchObject({ put: { jwksUrl: "https://school.example/keys" } });
  });

  it("[UI67] begins with the usual claims and keys from an address", () => {
    expect(issuerDraftOf(undefined)).toMatchObject({ name: "", source: "url", nameClaim: "name", avatarClaim: "picture", rules: "" });
  });

  it("[UI66] says which part is no JSON before anything is sent, and leaves all else to the server", () => {
    const draft: IssuerDraft = { ...issuerDraftOf(ISSUER), jwks: "{", rules: "[," };
    const made = putOf(draft);
    expect("errors" in made && made.errors.map(({ pointer }) => pointer)).toEqual(["/jwks", "/mapping/rules"]);
    expect(putOf({ ...draft, source: "url", jwksUrl: " x ", rules: " " })).toMatchObject({ put: { jwksUrl: "x", mapping: { rules: [] } } });
    expect(putOf({ ...draft, jwks: '"text"', rules: "7" })).toMatchObject({ put: { jwks: "text", mapping: { rules: 7 } } });
  });
});

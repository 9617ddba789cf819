import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { keyRing } from "../../contract/key-ring.ts";
import type { Outcome } from "../../contract/problems.ts";
import { FIRST_SETTINGS, type TenantSettings } from "../../contract/settings.ts";
import { accessOf, createdTenant, meta, rowsOf } from "./tenant-testing.ts";

function valueOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return outcome.value;
}
const withHosts = (...hosts: string[]): TenantSettings => ({ ...FIRST_SETTINGS, hosts });

describe("a tenant's settings", () => {
  it("[SU11] are put as a whole, under a version of their own that only they raise", async () => {
    const stub = await createdTenant("settings-version");
    const first = valueOf(await stub.settings());
    expect(first).toEqual({ view: { settings: FIRST_SETTINGS, hosts: [], mailSecretSet: false }, version: 1 });
    const wanted = { ...FIRST_SETTINGS, origins: ["https://b.example", "https://a.example", "https://b.example"] };
    const put = valueOf(await stub.putSettings(wanted, first.version, meta));
    expect(put).toMatchObject({ view: { settings: { origins: ["https://a.example", "https://b.example"] } }, version: 2 });
    // What others change meanwhile does not make an editor of the settings lose.
    await stub.revoke({ kind: "token", id: "t" }, meta);
    await stub.setPublic({ kind: "metrics", name: "m" }, true, meta);
    await stub.newMailSecret(meta);
    await stub.access(null);
    await evictDurableObject(stub);
    expect(valueOf(await stub.settings())).toEqual({ ...put, view: { ...put.view, mailSecretSet: true } });
    expect(await stub.putSettings(FIRST_SETTINGS, 1, meta)).toMatchObject({ ok: false, problem: { slug: "precondition-failed" } });
    expect((await stub.settings()).ok && valueOf(await stub.settings()).version).toBe(2);
    expect(valueOf(await stub.putSettings(FIRST_SETTINGS, 2, meta)).version).toBe(3);
    expect(valueOf(await stub.putSettings(wanted, undefined, meta)).version, "without If-Match the last one wins").toBe(4);
  });

  it("[SU11] say in the audit log what changed, and in an event what they are; the same again says nothing", async () => {
    const stub = await createdTenant("settings-audit");
    const wanted = { ...FIRST_SETTINGS, hostedAccounts: { enabled: true, guests: true, mailWebhookUrl: null } };
    const before = await stub.keysVersion();
    valueOf(await stub.putSettings(wanted, undefined, meta));
    expect(await stub.keysVersion()).toBe(before + 1);
    valueOf(await stub.putSettings(wanted, undefined, meta));
    expect(await stub.keysVersion()).toBe(before + 1);
    const rows = await rowsOf(stub, "SELECT outcome, detail FROM audit_entry WHERE action = 'tenant.change-settings' ORDER BY seq");
    expect(rows.map(({ outcome, detail }) => [outcome, JSON.parse(String(detail))])).toEqual([
      ["intent", { changed: ["hostedAccounts"] }],
      [
        "done",
        {
          changed: ["hostedAccounts"],
          before: { hostedAccounts: FIRST_SETTINGS.hostedAccounts },
          after: { hostedAccounts: wanted.hostedAccounts },
        },
      ],
    ]);
    const events = await rowsOf(stub, "SELECT body FROM kit_outbox WHERE body LIKE '%meridian.tenant.changed%'");
    expect(JSON.parse(String(events[0]?.["body"]))).toMatchObject({ data: { slug: "settings-audit", settings: wanted } });
    expect(events).toHaveLength(1);
    expect((await accessOf(stub)).config?.settings).toEqual(wanted);
  });
});

describe("a tenant's hosts", () => {
  it("[SU12] each have a value of their own to prove them by, until they leave the settings", async () => {
    const stub = await createdTenant("hosts");
    const { hosts } = valueOf(await stub.putSettings(withHosts("b.example.com", "a.example.com"), undefined, meta)).view;
    expect(hosts).toEqual([
      {
        host: "a.example.com",
        state: "waiting",
        dnsName: "_meridian-challenge.a.example.com",
        dnsValue: expect.stringMatching(/^[0-9a-z]{32}$/),
        wellKnownPath: "/.well-known/meridian-challenge.txt",
        verifiedAt: null,
      },
      expect.objectContaining({ host: "b.example.com" }),
    ]);
    expect(hosts[0]?.dnsValue).not.toBe(hosts[1]?.dnsValue);
    const verified = valueOf(await stub.noteHostVerified("a.example.com", meta));
    expect(verified.hosts[0]).toEqual({ ...hosts[0], state: "verified", verifiedAt: expect.any(String) });
    await evictDurableObject(stub);
    const kept = valueOf(await stub.putSettings(withHosts("a.example.com", "c.example.com"), undefined, meta)).view.hosts;
    expect(kept.map(({ host, state }) => `${host} ${state}`)).toEqual(["a.example.com verified", "c.example.com waiting"]);

    valueOf(await stub.putSettings(withHosts("c.example.com"), undefined, meta));
    const again = valueOf(await stub.putSettings(withHosts("a.example.com"), undefined, meta)).view.hosts;
    expect(again).toMatchObject([{ host: "a.example.com", state: "waiting" }]);
    expect(again[0]?.dnsValue).not.toBe(hosts[0]?.dnsValue);
  });

  it("[SU12] are noted as proved once, and only those of the settings", async () => {
    const stub = await createdTenant("hosts-noted");
    valueOf(await stub.putSettings(withHosts("a.example.com"), undefined, meta));
    const before = await accessOf(stub);
    const first = valueOf(await stub.noteHostVerified("a.example.com", meta));
    expect(valueOf(await stub.noteHostVerified("a.example.com", meta))).toEqual(first);
    expect((await accessOf(stub, before)).configVersion).toBe(before.configVersion + 1);
    expect(await stub.noteHostVerified("b.example.com", meta)).toMatchObject({ ok: false, problem: { slug: "not-found" } });
    const rows = await rowsOf(stub, "SELECT target, outcome FROM audit_entry WHERE action = 'tenant.verify-host' ORDER BY seq");
    expect(rows).toEqual([
      { target: "host/a.example.com", outcome: "intent" },
      { target: "host/a.example.com", outcome: "done" },
    ]);
  });
});

describe("the secret that signs mails", () => {
  it("[SU13] is shown once and kept sealed; a new one takes its place", async () => {
    const stub = await createdTenant("mail-secret");
    expect(await stub.mailSecret()).toBeNull();
    const claimed = { ...meta, idempotency: { key: "k1", route: "POST /v1/tenant/mail-secret", bodyHash: "h1" } };
    const { secret } = valueOf(await stub.newMailSecret(claimed));
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);
    await evictDurableObject(stub);
    expect(await stub.newMailSecret(claimed)).toMatchObject({ ok: false, problem: { slug: "secret-already-shown" } });
    const sealed = (await stub.mailSecret()) ?? "";
    expect(new TextDecoder().decode(await keyRing(env).decrypt("mail-secret", sealed))).toBe(secret);
    for (const { name } of await rowsOf(stub, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'"))
      expect(JSON.stringify(await rowsOf(stub, `SELECT * FROM ${String(name)}`)), String(name)).not.toContain(secret);
    expect(valueOf(await stub.settings()).view.mailSecretSet).toBe(true);
    const next = valueOf(await stub.newMailSecret(meta));
    expect(next.secret).not.toBe(secret);
    expect(await stub.mailSecret()).not.toBe(sealed);
  });
});

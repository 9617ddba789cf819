import { describe, expect, it } from "vitest";
import { ACCESS_LIMITS } from "../../contract/access.ts";
import { FIRST_SETTINGS, type SettingsView, type TenantSettings } from "../../contract/settings.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { tenantHost } from "../http/door-arrival.ts";
import { ask, seedKey, seedOperator } from "./testing.ts";

async function world() {
  const owner = await seedOperator("owner");
  const read = async () => {
    const answer = await ask("/v1/tenant/settings", { cookie: owner.cookie });
    return { etag: answer.headers.get("etag") ?? "", view: await answer.json<SettingsView>() };
  };
  const put = async (settings: unknown, headers: Record<string, string> = {}) =>
    await ask("/v1/tenant/settings", { method: "PUT", body: settings, cookie: owner.cookie, headers });
  return { owner, read, put };
}

const WITH = (changed: Partial<TenantSettings>): TenantSettings => ({ ...FIRST_SETTINGS, ...changed });

describe("a tenant's settings", () => {
  it("[DR12] begin with everything closed, and are replaced as a whole by who saw the newest", async () => {
    const { read, put } = await world();
    const first = await read();
    expect(first.view).toEqual({ settings: FIRST_SETTINGS, hosts: [], mailSecretSet: false });
    expect(first.etag).toMatch(/^"v\d+"$/);
    const wanted = WITH({ origins: ["https://app.acme.example"], hosts: ["play.acme.example"] });
    const changed = await put(wanted, { "if-match": first.etag });
    expect(changed.status).toBe(200);
    const { settings, hosts } = await changed.json<SettingsView>();
    expect(settings).toEqual(wanted);
    expect(hosts).toEqual([expect.objectContaining({ host: "play.acme.example", state: "waiting", verifiedAt: null })]);
    const newest = await read();
    expect([newest.etag, newest.view.settings]).toEqual([changed.headers.get("etag"), wanted]);
    const late = await put(FIRST_SETTINGS, { "if-match": first.etag });
    expect([late.status, (await read()).view.settings]).toEqual([412, wanted]);
    expect((await put(FIRST_SETTINGS, { "if-match": '"made-up"' })).status).toBe(412);
    expect((await put(FIRST_SETTINGS)).status).toBe(200);
    expect((await read()).view.hosts).toEqual([]);
  });

  it("[DR12] name what is wrong with them, at the limit and one over", async () => {
    const { put } = await world();
    const pointers = async (settings: unknown) => {
      const answer = await put(settings);
      return answer.status === 200
        ? []
        : ((await answer.json<{ errors?: { pointer: string }[] }>()).errors ?? []).map((error) => error.pointer);
    };
    const origins = (n: number) => Array.from({ length: n }, (_, at) => `https://a${at}.acme.example`);
    const hosts = (n: number) => Array.from({ length: n }, (_, at) => `h${at}.acme.example`);
    const grants = (n: number) => Array.from({ length: n }, (_, at) => ({ kind: "metrics", name: `m${at}`, actions: ["read"] }));
    expect(await pointers(WITH({ origins: origins(ACCESS_LIMITS.origins) }))).toEqual([]);
    expect(await pointers(WITH({ origins: origins(ACCESS_LIMITS.origins + 1) }))).toEqual(["/origins"]);
    expect(await pointers(WITH({ origins: ["https://b.example/path"] }))).toEqual(["/origins/0"]);
    expect(await pointers(WITH({ hosts: hosts(SUBJECT_LIMITS.hosts) }))).toEqual([]);
    expect(await pointers(WITH({ hosts: hosts(SUBJECT_LIMITS.hosts + 1) }))).toEqual(["/hosts"]);
    for (const host of [
      "nodots",
      "192.0.2.1",
      "UPPER.example",
      "a.0x1f",
      "a.example:8080",
      "a.example/x",
      "*.example.com",
      "[::1]",
      "a..example",
    ])
      expect([host, await pointers(WITH({ hosts: [host] }))]).toEqual([host, ["/hosts/0"]]);
    expect(await pointers(WITH({ defaultGrants: grants(SUBJECT_LIMITS.grants) }))).toEqual([]);
    expect(await pointers(WITH({ defaultGrants: grants(SUBJECT_LIMITS.grants + 1) }))).toEqual(["/defaultGrants"]);
    const grant = { kind: "keys", name: "*", actions: ["manage"] };
    expect(await pointers(WITH({ defaultGrants: [grant] }))).toEqual(["/defaultGrants/0/kind"]);
    expect(await pointers({ ...FIRST_SETTINGS, extra: 1 })).not.toEqual([]);
    expect(await pointers({ origins: [] })).toContain("/hosts");
    expect(await pointers(WITH({ hostedAccounts: { enabled: true, guests: true, mailWebhookUrl: "http://a.example" } }))).toEqual([
      "/hostedAccounts/mailWebhookUrl",
    ]);
  });

  it("[DR13] take no host of the deployment itself", async () => {
    const { put } = await world();
    const local = await put(WITH({ hosts: ["play.acme.example", "play.localhost"] }));
    expect([local.status, await local.json()]).toEqual([
      400,
      expect.objectContaining({ errors: [expect.objectContaining({ pointer: "/hosts/1" })] }),
    ]);
    const of = (host: string) => tenantHost(new URL(`https://${host}`), { PUBLIC_URL: "https://ops.acme.example" });
    expect(["ops.acme.example", "OPS.acme.example:8443", "localhost", "192.0.2.1", "[2001:db8::1]"].map(of)).toEqual(
      Array(5).fill(undefined),
    );
    for (const host of ["play.acme.example", "play.acme.1x", "xn--bcher-kva.example"]) expect(of(host)).toBe(host);
  });

  it("[DR12] are for owners and admins in person", async () => {
    const { owner } = await world();
    const developer = await seedOperator("developer", owner);
    const { secret } = await seedKey(owner, ["metrics:read"]);
    for (const who of [{ cookie: developer.cookie }, { key: secret }]) expect((await ask("/v1/tenant/settings", who)).status).toBe(403);
    expect((await ask("/v1/tenant", { method: "PATCH", body: {}, cookie: owner.cookie })).status).toBe(405);
  });

  it("[DR18] show the secret that signs mails once", async () => {
    const { owner, read } = await world();
    const make = async () =>
      await ask("/v1/tenant/mail-secret", { method: "POST", cookie: owner.cookie, headers: { "idempotency-key": "one" } });
    const made = await make();
    expect([made.status, await made.json()]).toEqual([201, { secret: expect.stringMatching(/^whsec_/) }]);
    expect((await make()).status).toBe(409);
    const { view } = await read();
    expect(view.mailSecretSet).toBe(true);
    expect(JSON.stringify(view)).not.toContain("whsec_");
  });
});

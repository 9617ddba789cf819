import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { type IssuerPut, issuerPutSchema } from "../../contract/issuers.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { accessOf, createdTenant, meta, rowsOf } from "./tenant-testing.ts";

const issuer = (host: string, more: object = {}): IssuerPut =>
  issuerPutSchema.parse({ iss: `https://${host}`, audiences: ["game"], jwksUrl: `https://${host}/keys`, ...more });
const refused = (slug: string) => ({ ok: false, problem: { slug } });

describe("a tenant's issuers", () => {
  it("[SU14] keep their name's iss for ever: nobody inherits the subjects of a deleted one", async () => {
    const stub = await createdTenant("issuers-bound");
    expect(await stub.putIssuer("shop", issuer("a.example"), meta)).toMatchObject({ ok: true, value: { name: "shop", jwks: null } });
    expect(await stub.putIssuer("shop", issuer("b.example"), meta)).toMatchObject(refused("conflict"));
    expect(await stub.deleteIssuer("shop", meta)).toEqual({ ok: true, value: null });
    expect(await stub.deleteIssuer("shop", meta)).toMatchObject(refused("not-found"));
    await evictDurableObject(stub);
    expect(await stub.putIssuer("shop", issuer("b.example"), meta)).toMatchObject(refused("conflict"));
    expect((await accessOf(stub)).config?.issuers).toEqual([]);
    expect((await stub.putIssuer("shop", issuer("a.example"), meta)).ok).toBe(true);
    expect(await stub.putIssuer("other", issuer("a.example"), meta)).toMatchObject(refused("conflict"));
    for (const name of ["minted", "hosted"])
      expect(await stub.putIssuer(name, issuer("c.example"), meta)).toMatchObject(refused("conflict"));
    expect(await stub.putIssuer("own", issuer("m.example/p/issuers-bound/minted"), meta)).toMatchObject(refused("invalid-body"));
  });

  it("[SU15] are so many and not one more; isolates get each change once", async () => {
    const stub = await createdTenant("issuers-many");
    for (let n = 0; n < SUBJECT_LIMITS.issuers; n++) expect((await stub.putIssuer(`i${n}`, issuer(`i${n}.example`), meta)).ok).toBe(true);
    expect(await stub.putIssuer("more", issuer("more.example"), meta)).toMatchObject(refused("limit-reached"));
    const before = await accessOf(stub);
    expect(before.config?.issuers).toHaveLength(SUBJECT_LIMITS.issuers);
    // The same again is no change.
    expect((await stub.putIssuer("i3", issuer("i3.example"), meta)).ok).toBe(true);
    expect((await accessOf(stub, before)).config).toBeNull();
    const changed = await stub.putIssuer("i3", issuer("i3.example", { algorithms: ["ES256"] }), meta);
    expect(changed).toMatchObject({ ok: true, value: { algorithms: ["ES256"] } });
    const after = (await accessOf(stub, before)).config?.issuers.find(({ name }) => name === "i3");
    expect(after).toMatchObject({ algorithms: ["ES256"], createdAt: before.config?.issuers.find(({ name }) => name === "i3")?.createdAt });
    const listed = await stub.listIssuers();
    expect(listed.ok && listed.value.items.map(({ name }) => name)).toEqual(before.config?.issuers.map(({ name }) => name));
  });

  it("[SU16] are revoked in the same transaction that deletes them, and stay so when they come back", async () => {
    const stub = await createdTenant("issuers-deleted");
    await stub.putIssuer("shop", issuer("a.example"), meta);
    const before = await accessOf(stub);
    await stub.deleteIssuer("shop", meta);
    const after = await accessOf(stub, before);
    expect(after).toMatchObject({ config: { issuers: [] }, revocations: [{ kind: "issuer", id: "shop" }] });
    await stub.putIssuer("shop", issuer("a.example"), meta);
    await evictDurableObject(stub);
    expect((await accessOf(stub)).revocations).toEqual(after.revocations);
    const events = await rowsOf(stub, "SELECT body FROM kit_outbox ORDER BY seq");
    const told = events.map(({ body }) => JSON.parse(String(body)) as { type: string; subject: string; data: Record<string, unknown> }); // our own messages
    expect(told.slice(2).map(({ type, subject, data }) => [type, subject, data["state"] ?? data["kind"]])).toEqual([
      ["meridian.issuer.changed", "issuer/shop", "registered"],
      ["meridian.token.revoked", "issuer/shop", "issuer"],
      ["meridian.issuer.changed", "issuer/shop", "deleted"],
      ["meridian.issuer.changed", "issuer/shop", "registered"],
    ]);
  });

  it("[SU16] leave intent and result in the audit log, refused ones too", async () => {
    const stub = await createdTenant("issuers-audit");
    await stub.putIssuer("shop", issuer("a.example"), meta);
    await stub.putIssuer("shop", issuer("b.example"), meta);
    await stub.deleteIssuer("shop", meta);
    const rows = await rowsOf(
      stub,
      "SELECT action || ' ' || outcome AS entry, detail FROM audit_entry WHERE target = 'issuer/shop' ORDER BY seq",
    );
    expect(rows.map(({ entry }) => entry)).toEqual([
      "issuer.put intent",
      "issuer.put done",
      "issuer.put intent",
      "issuer.put failed",
      "issuer.delete intent",
      "issuer.delete done",
    ]);
    expect(JSON.parse(String(rows[3]?.["detail"]))).toEqual({ iss: "https://b.example", changed: ["iss", "jwksUrl"], problem: "conflict" });
  });
});

import { describe, expect, it } from "vitest";
import { issuerPutSchema } from "../../contract/issuers.ts";
import { FIRST_SETTINGS } from "../../contract/settings.ts";
import { accessOf, createdTenant, meta, rowsWritten } from "./tenant-testing.ts";

const issuer = (host: string) => issuerPutSchema.parse({ iss: `https://${host}`, audiences: ["game"], jwksUrl: `https://${host}/keys` });
const token = (id: string) => ({ kind: "token", id }) as const;

/** The figures of docs/subjects.md. The kit's rows (outbox, its index, deadlines) are counted. */
describe("rows that end users cost the Tenant object", () => {
  it("[SU20] per change are as the documentation says, and what isolates ask writes none", async () => {
    const stub = await createdTenant("subjects-cost");
    const rows = async (work: () => Promise<unknown>) => await rowsWritten(stub, work);
    const counted = {
      firstAccess: await rows(async () => await stub.access(null)),
      firstRevocation: await rows(async () => await stub.revoke(token("a"), meta)),
      revocation: await rows(async () => await stub.revoke(token("b"), meta)),
      revocationAgain: await rows(async () => await stub.revoke(token("b"), meta)),
      everyone: await rows(async () => await stub.revoke({ kind: "tenant", id: "" }, meta)),
      putIssuer: await rows(async () => await stub.putIssuer("a", issuer("a.example"), meta)),
      putIssuerAgain: await rows(async () => await stub.putIssuer("a", issuer("a.example"), meta)),
      deleteIssuer: await rows(async () => await stub.deleteIssuer("a", meta)),
      mark: await rows(async () => await stub.setPublic({ kind: "metrics", name: "m" }, true, meta)),
      markAgain: await rows(async () => await stub.setPublic({ kind: "metrics", name: "m" }, true, meta)),
      unmark: await rows(async () => await stub.setPublic({ kind: "metrics", name: "m" }, false, meta)),
      addHost: await rows(async () => await stub.putSettings({ ...FIRST_SETTINGS, hosts: ["a.example.com"] }, undefined, meta)),
      verifyHost: await rows(async () => await stub.noteHostVerified("a.example.com", meta)),
      mailSecret: await rows(async () => await stub.newMailSecret(meta)),
      reads: await rows(async () => {
        await stub.access(await accessOf(stub));
        await stub.settings();
        await stub.listIssuers();
        await stub.listPublic({ limit: 10 });
        await stub.mailSecret();
      }),
    };
    expect(counted).toMatchObject({ firstAccess: 2, putIssuerAgain: 0, markAgain: 0, reads: 0 });
    const { firstRevocation, revocation, revocationAgain, everyone, deleteIssuer } = counted;
    // An event's row may be marked as sent within the next count.
    expect(Math.max(firstRevocation, revocation, revocationAgain, everyone)).toBeLessThanOrEqual(12);
    expect(deleteIssuer).toBeLessThanOrEqual(16);
    const { putIssuer, mark, unmark, addHost, verifyHost, mailSecret } = counted;
    expect(Math.max(putIssuer, mark, unmark, addHost, verifyHost, mailSecret)).toBeLessThanOrEqual(10);
  });

  it("[SU20] are none for an hour of asking by ten isolates, and what they get is as small as the documentation says", async () => {
    const stub = await createdTenant("subjects-hour");
    const first = await accessOf(stub);
    let bytes = 0;
    const rows = await rowsWritten(stub, async () => {
      for (let isolate = 0; isolate < 10; isolate++) {
        let known = first;
        for (let question = 0; question < 60; question++) known = await accessOf(stub, known);
        bytes = JSON.stringify(known).length;
      }
    });
    expect(rows).toBe(0);
    expect(bytes).toBeLessThanOrEqual(120);
    expect(JSON.stringify(first).length, "a tenant without issuers and marks").toBeLessThanOrEqual(1_200);
    const revoked = await stub.revoke(token("x".repeat(36)), meta);
    expect(JSON.stringify(revoked.ok && revoked.value).length).toBeLessThanOrEqual(150);
  });
});

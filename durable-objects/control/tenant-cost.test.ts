import { describe, expect, it } from "vitest";
import { FIRST_SETTINGS } from "../../contract/settings.ts";
import { createdTenant, meta, rowsWritten } from "./tenant-testing.ts";

const input = { name: "ci", scopes: ["metrics:write" as const] };

/** The figures of docs/access.md. The kit's rows (outbox, its index, deadlines) are counted. */
describe("rows that the Tenant object writes", () => {
  it("[AC33] per change are as the documentation says, and a read writes none", async () => {
    const stub = await createdTenant("cost");
    let id = "";
    const counted = {
      createKey: await rowsWritten(stub, async () => {
        const made = await stub.createKey(input, meta);
        if (made.ok) id = made.value.id;
      }),
      noteKeyUse: await rowsWritten(stub, async () => await stub.noteKeyUse([{ keyId: id, at: 60_000, count: 5 }])),
      noteKeyUseAgain: await rowsWritten(stub, async () => await stub.noteKeyUse([{ keyId: id, at: 61_000, count: 5 }])),
      revokeKey: await rowsWritten(stub, async () => await stub.revokeKey(id, meta)),
      putSettings: await rowsWritten(
        stub,
        async () => await stub.putSettings({ ...FIRST_SETTINGS, origins: ["https://a.example"] }, undefined, meta),
      ),
      audit: await rowsWritten(stub, async () => await stub.audit([{ action: "a", target: "b", outcome: "done", detail: {} }], meta)),
      signedIn: await rowsWritten(stub, async () => {
        const event = { type: "meridian.operator.signed-in", subject: "user/1", data: {} } as const;
        await stub.audit([{ action: "a", target: "b", outcome: "done", detail: {} }], meta, [event]);
      }),
      reads: await rowsWritten(stub, async () => {
        await stub.describe();
        await stub.keysVersion();
        await stub.findKey(id);
        await stub.listKeys({ limit: 10 });
        await stub.listAudit({ limit: 10 });
        await stub.verifyAudit();
      }),
    };
    expect(counted).toMatchObject({ noteKeyUse: 1, noteKeyUseAgain: 0, audit: 2, signedIn: 5, reads: 0 });
    expect(Math.max(counted.createKey, counted.revokeKey, counted.putSettings)).toBeLessThanOrEqual(10);
  });

  it("[AC33] for a key that is used all the time are 60 an hour, however many isolates tell of it", async () => {
    const stub = await createdTenant("cost-hour");
    const made = await stub.createKey(input, meta);
    const keyId = made.ok ? made.value.id : "";
    const start = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 7_200_000;
    const rows = await rowsWritten(stub, async () => {
      for (let second = 0; second < 3_600; second += 20) {
        const uses = [{ keyId, at: start + second * 1_000, count: 7 }];
        await stub.noteKeyUse(uses);
        await stub.noteKeyUse(uses);
      }
    });
    expect(rows).toBe(60);
  });
});

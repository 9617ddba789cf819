import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { DeadLetter } from "../../contract/events.ts";
import type { Page } from "../../contract/pages.ts";
import { objectName } from "../../contract/address.ts";
import { ask, seedOperator } from "../control/testing.ts";
import { sweepHistory } from "./index.ts";
import { SWEEP_LIMITS } from "./sweep.ts";
import { DEAD_QUEUE, deliver, eventOf, historyOf, NOON, recordingEnv } from "./testing.ts";

const personal = { issuer: "hosted", sub: "sub-of-ada", name: "Ada", email: "ada@example.com" };
const source = (tenantId: string) => objectName({ tenantId, kind: "subjects", name: "3" });

function subjectEvent(tenantId: string, seq: number, type: string, more: Record<string, unknown> = {}) {
  const data = { ref: "ref-ada", guest: false, createdAt: NOON, lastSeenAt: NOON, personal, ...more };
  return eventOf(tenantId, seq, { type: `meridian.subject.${type}`, subject: "subject/ref-ada", source: source(tenantId), data });
}
const deletion = (tenantId: string, seq: number) => {
  const data = { ref: "ref-ada", personal: { issuer: "hosted", sub: "sub-of-ada" } };
  return eventOf(tenantId, seq, { type: "meridian.subject.deleted", subject: "subject/ref-ada", source: source(tenantId), data });
};

async function rowOf(tenantId: string): Promise<Record<string, unknown> | null> {
  return await env.DB.prepare("SELECT * FROM identity_subject WHERE tenant_id = ?1 AND ref = 'ref-ada'").bind(tenantId).first();
}

async function register(tenantId: string, objects: readonly [kind: string, name: string][]): Promise<void> {
  for (const [kind, name] of objects) {
    const data = { kind, name, jurisdiction: null };
    await deliver([
      {
        body: eventOf(tenantId, 900, {
          type: "meridian.object.created",
          source: objectName({ tenantId, kind: kind as "hub", name }),
          data,
        }),
      },
    ]); // a known kind
  }
}

describe("events of end users", () => {
  it("[EV31] make the row that a search finds; older ones change nothing", async () => {
    await deliver([{ body: subjectEvent("ev31", 2, "upgraded") }]);
    await deliver([
      { body: subjectEvent("ev31", 1, "registered", { guest: true, personal: { ...personal, name: "Guest", email: null } }) },
    ]);
    expect(await rowOf("ev31")).toMatchObject({
      issuer: "hosted",
      sub: "sub-of-ada",
      name: "Ada",
      guest: 0,
      search: "ada\nada@example.com\nsub-of-ada",
      seq: 2,
    });
    await deliver([{ body: subjectEvent("ev31", 3, "changed", { personal: { ...personal, name: "Ada L" } }) }]);
    expect(await rowOf("ev31")).toMatchObject({ name: "Ada L", seq: 3 });
  });

  it("[EV31] empty the row of a deleted one, for good, in whatever order they come", async () => {
    const empty = { issuer: "", sub: "", name: "", email: null, search: "" };
    await deliver([{ body: subjectEvent("ev31-gone", 1, "registered") }, { body: deletion("ev31-gone", 2) }]);
    expect(await rowOf("ev31-gone")).toMatchObject(empty);
    await deliver([{ body: subjectEvent("ev31-gone", 9, "changed") }]);
    expect(await rowOf("ev31-gone")).toMatchObject(empty);
    await deliver([{ body: deletion("ev31-first", 2) }]);
    await deliver([{ body: subjectEvent("ev31-first", 1, "registered") }]);
    expect(await rowOf("ev31-first")).toMatchObject(empty);
    const later = NOON + 3 * 86_400_000;
    await deliver([{ body: subjectEvent("ev31-gone", 10, "changed", { createdAt: later, lastSeenAt: later }) }]);
    expect(await rowOf("ev31-gone")).toMatchObject({ issuer: "hosted", name: "Ada", created_at: later });
  });

  it("[EV32] stand in the history without what is personal", async () => {
    await deliver([{ body: subjectEvent("ev32", 1, "registered") }, { body: deletion("ev32", 2) }]);
    const rows = await historyOf("ev32");
    expect(rows).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toMatch(/personal|sub-of-ada|Ada|example\.com/);
    expect(JSON.stringify(rows)).toContain("ref-ada");
  });
});

describe("a deletion", () => {
  it("[EV33] is told to every object of the tenant, and of no other", async () => {
    await register("ev33", [
      ["hub", "0"],
      ["metrics", "0"],
      ["subjects", "3"],
      ["tenant", "main"],
    ]);
    await register("ev33-other", [["hub", "0"]]);
    const recording = recordingEnv();
    expect((await deliver([{ body: deletion("ev33", 1) }], { env: recording.env })).acked).toEqual(["m0"]);
    const places = Array.from({ length: 8 }, (_, place) => `ev33/subjects/${place}`);
    expect(recording.maintained.map(([name]) => name).sort()).toEqual(["ev33/hub/0", "ev33/metrics/0", ...places, "ev33/tenant/main"]);
    for (const [, order] of recording.maintained)
      expect(order).toEqual({ type: "forget-subject", subject: "hosted|sub-of-ada", ref: "ref-ada" });
  });

  it("[EV33] that one object did not hear is told to all again", async () => {
    await register("ev33-again", [
      ["hub", "0"],
      ["subjects", "3"],
    ]);
    const away = recordingEnv({ failing: (name) => name.endsWith("/hub/0") });
    expect([...(await deliver([{ body: deletion("ev33-again", 1) }], { env: away.env })).retried.keys()]).toEqual(["m0"]);
    const back = recordingEnv();
    expect((await deliver([{ body: deletion("ev33-again", 1), attempts: 2 }], { env: back.env })).acked).toEqual(["m0"]);
    expect(back.maintained.map(([name]) => name)).toContain("ev33-again/hub/0");
    expect(back.maintained).toHaveLength(9);
  });

  it("[EV34] takes what is personal out of dead letters, those that come later too; nobody is shown it before either", async () => {
    const { tenantId, cookie } = await seedOperator("owner");
    const mail = (seq: number) =>
      eventOf(tenantId, seq, {
        type: "meridian.subject.verification-requested",
        subject: "subject/ref-ada",
        source: source(tenantId),
        data: { ref: "ref-ada", known: false, personal: { email: "ada@example.com", name: "Ada", link: "https://x/#verify=secret" } },
      });
    const letters = async () =>
      (
        await env.HISTORY.prepare("SELECT body FROM control_dead_letter WHERE tenant_id = ?1").bind(tenantId).all<{ body: string }>()
      ).results.map(({ body }) => body);
    await deliver([{ body: mail(1) }], { queue: DEAD_QUEUE });
    expect((await letters()).join()).toContain("verify=secret");
    const shown = await (await ask("/v1/dead-letters", { cookie })).json<Page<DeadLetter>>();
    expect(shown.items[0]?.body).toMatchObject({ data: { ref: "ref-ada", known: false } });
    expect(JSON.stringify(shown)).not.toMatch(/personal|example\.com\/|secret/);

    await deliver([{ body: deletion(tenantId, 2) }], { queue: DEAD_QUEUE });
    expect((await letters()).filter((body) => body.includes("sub-of-ada"))).toHaveLength(1);
    await deliver([{ body: deletion(tenantId, 2) }]);
    await deliver([{ body: mail(3) }], { queue: DEAD_QUEUE });
    expect(await letters()).toHaveLength(3);
    expect((await letters()).join()).not.toMatch(/personal|secret|sub-of-ada/);
  });
});

describe("the archive of dead letters", () => {
  it("[EV34] holds nothing personal", async () => {
    await deliver([{ body: subjectEvent("ev34-old", 1, "registered") }], { queue: DEAD_QUEUE });
    const { id } = (await env.HISTORY.prepare("SELECT id FROM control_dead_letter WHERE tenant_id = 'ev34-old'").first<{
      id: string;
    }>()) ?? { id: "" };
    await sweepHistory(recordingEnv().env, Date.now() + SWEEP_LIMITS.deadLetterMs + 60_000);
    const text = await (await env.ARCHIVE.get(`history/dead-letters/ev34-old/${id}_${id}.ndjson`))?.text();
    expect(text).toContain("ref-ada");
    expect(text).not.toMatch(/personal|sub-of-ada|example\.com/);
  });
});

describe("a revocation", () => {
  const revoked = (tenantId: string, kind: string, id: string) =>
    eventOf(tenantId, 1, { type: "meridian.token.revoked", subject: `${kind}/${id}`, data: { kind, id, before: NOON } });

  it("[EV35] [LV39] closes its sockets everywhere and ends its families once more, as of the revocation", async () => {
    await deliver([{ body: subjectEvent("ev35", 1, "registered") }]);
    const cases: [kind: string, id: string, socket: string, of: object | null, objects: number][] = [
      ["token", "jti-1", "token:jti-1", null, 0],
      ["subject", "ref-ada", "subject:ref-ada", { issuer: "hosted", sub: "sub-of-ada" }, 1],
      ["subject", "ref-nobody", "subject:ref-nobody", null, 0],
      ["issuer", "minted", "issuer:minted", { issuer: "minted", sub: null }, 8],
      ["tenant", "", "subjects", { issuer: null, sub: null }, 8],
    ];
    for (const [kind, id, socket, of, objects] of cases) {
      const { env: recorded, closed, ended } = recordingEnv();
      expect((await deliver([{ body: revoked("ev35", kind, id) }], { env: recorded })).acked).toEqual(["m0"]);
      expect(new Set(closed.map(([, credentials]) => credentials.join()))).toEqual(new Set([socket]));
      expect(closed.length).toBeGreaterThan(1);
      // The fleet has keys only, and those never come back: it needs no time.
      for (const [name, , at] of closed) expect([name, at]).toEqual([name, name.includes("/hub/") ? NOON : undefined]);
      expect(ended).toHaveLength(objects);
      for (const [, what, before] of ended) expect([what, before]).toEqual([of, NOON]);
    }
  });

  it("[EV35] of a person's own tokens leaves the families alone: which of them end was up to that person", async () => {
    await deliver([{ body: subjectEvent("ev35-own", 1, "registered") }]);
    const { env: recorded, closed, ended } = recordingEnv();
    const own = revoked("ev35-own", "subject", "ref-ada");
    await deliver([{ body: { ...own, data: { ...own.data, actor: "subject:ref-ada" } } }], { env: recorded });
    expect([closed.length > 1, ended]).toEqual([true, []]);
  });
});

import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import type { ClaimedAccount } from "../../contract/rpc/subjects.ts";
import { HOSTED, subjectOf, subjectRef } from "../../contract/subject-id.ts";
import { DAY_MS, SUBJECT_STORE_LIMITS as LIMITS } from "../../core/control/subject-limits.ts";
import { linkOf, meta, pendingOf, slugOf, subAt, subjectsAt, tokenOf, valueOf, standStillAt } from "./subjects-testing.ts";

const START = Date.UTC(2031, 0, 1);
const MINUTE_MS = 60_000;
/** Both addresses are in the directory of the first object; accounts live at either. */
const PLACES = [6, 2] as const;
const EMAILS = ["ada", "bea"] as const;
const SUBS = [
  { sub: subAt(6, 1), place: 0 },
  { sub: subAt(2, 2), place: 1 },
  { sub: subAt(2, 3), place: 1 },
] as const;
/** Links: who would have which address. The last holder tries both. */
const LINKS = [
  { who: 0, email: "ada" },
  { who: 1, email: "ada" },
  { who: 2, email: "ada" },
  { who: 2, email: "bea" },
] as const;

standStillAt(START);

const link = fc.nat(LINKS.length - 1);
/** An edge's steps of a link; what comes between two of them is a crash, a repetition or another edge. */
const use = fc.record({
  do: fc.constantFrom("claim" as const, "claim" as const, "put" as const, "put" as const, "finish" as const, "release" as const),
  link,
});
const pause = fc.constantFrom(MINUTE_MS, LIMITS.takeOverMs, LIMITS.takeOverMs, LIMITS.takeOverMs, LIMITS.takeOverMs, DAY_MS);
const step = fc.oneof(
  { weight: 10, arbitrary: use },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("whole" as const), link }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("at-once" as const), link, and: use }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("overtake" as const), link, by: link }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: pause }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("mail" as const), link }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("evict" as const), object: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), who: fc.nat(2) }) },
);

const seen = { accounts: 0, tookOver: 0, conflicts: 0, finished: 0 };
let runs = 0;

/** A tenant with two objects, and the edges that drive it. */
class World {
  readonly #tenant = `directory-model-${++runs}`;
  readonly objects = PLACES.map((place) => subjectsAt(this.#tenant, place));
  readonly directory = subjectsAt(this.#tenant, PLACES[0]).rpc;
  /** What each edge last heard of its claim: it may act on it much later. */
  readonly #claims = new Map<number, ClaimedAccount>();
  readonly #made = new Set<number>();
  readonly #owners = new Map<string, string>();
  readonly gone = new Set<string>();
  #now = START;

  async mail(at: number): Promise<void> {
    const { who, email } = LINKS[at] ?? LINKS[0];
    const { sub } = SUBS[who];
    valueOf(await this.directory.beginVerification(pendingOf(sub, email), tokenOf(sub, email), linkOf(sub), meta));
  }

  async use(step: "claim" | "put" | "finish" | "release", at: number): Promise<boolean> {
    const { who, email } = LINKS[at] ?? LINKS[0];
    const { sub, place } = SUBS[who];
    if (step === "release") {
      await this.directory.releaseEmail(email, sub);
      return true;
    }
    if (step === "finish") {
      if (!this.#made.has(at)) return false; // no edge finishes what it has not made
      await this.directory.finishVerification(tokenOf(sub, email));
      return true;
    }
    if (step === "put") {
      const claim = this.#claims.get(at);
      const put = claim && (await this.objects[place]?.rpc.putAccount(claim, meta));
      seen.accounts += put?.ok ? 1 : 0;
      if (put?.ok) this.#made.add(at);
      return put?.ok === true;
    }
    const before = this.#owners.get(email);
    const claimed = await this.directory.claimEmail(tokenOf(sub, email), meta);
    if (claimed.ok) {
      this.#claims.set(at, claimed.value);
      this.#owners.set(email, sub);
      if (before !== undefined && before !== sub && !this.gone.has(before)) seen.tookOver += 1;
    } else if (slugOf(claimed) === "conflict") seen.conflicts += 1;
    return claimed.ok;
  }

  /** A link used the whole way by an edge that does not crash: then its account can log in. */
  async whole(at: number): Promise<void> {
    const { who, email } = LINKS[at] ?? LINKS[0];
    if (!(await this.use("claim", at)) || !(await this.use("put", at))) return;
    await this.use("finish", at);
    seen.finished += 1;
    expect(await this.directory.findEmail(email)).toEqual({ sub: SUBS[who].sub });
  }

  async pass(ms: number): Promise<void> {
    vi.setSystemTime((this.#now += ms));
    if (ms >= DAY_MS) for (const { stub } of this.objects) await runDurableObjectAlarm(stub);
  }

  /** The account goes; nobody tells the directory yet. */
  async delete(who: number): Promise<void> {
    const { sub, place } = SUBS[who] ?? SUBS[0];
    valueOf(await (this.objects[place]?.rpc ?? this.directory).deleteSubject({ issuer: HOSTED, sub }, meta));
    this.gone.add(sub);
  }

  async evict(object: number): Promise<void> {
    const { rpc, stub } = this.objects[object] ?? this.objects[0]!;
    await rpc.outboxStatus(); // only a running object can be evicted
    await evictDurableObject(stub);
  }

  /** What must be true whenever anybody looks. */
  async check(): Promise<void> {
    const accounts = await Promise.all(SUBS.map(async ({ sub, place }) => await this.objects[place]?.rpc.account(sub)));
    const owners = accounts.flatMap((account) => (account?.emailDigest ? [{ email: account.emailDigest, sub: account.sub }] : []));
    expect(new Set(owners.map(({ email }) => email)).size).toBe(owners.length);
    const named = await Promise.all(owners.map(async ({ email }) => await this.directory.findEmail(email)));
    expect(named).toEqual(owners.map(({ sub }) => ({ sub })));
  }

  /** The walk over the registry comes by, links are over: each address has its account or is free for a newcomer. */
  async end(): Promise<void> {
    for (const sub of this.gone) {
      const subject = subjectOf(HOSTED, sub);
      const ref = await subjectRef(this.#tenant, subject);
      for (const { rpc } of this.objects) await rpc.maintain({ type: "forget-subject", subject, ref });
    }
    await this.pass(DAY_MS);
    await this.pass(DAY_MS);
    for (const email of EMAILS) {
      const owner = await this.directory.findEmail(email);
      const home = owner && this.objects[SUBS.find(({ sub }) => sub === owner.sub)?.place ?? 0];
      if (owner) expect(await home?.rpc.account(owner.sub)).toMatchObject({ emailDigest: email });
      else await this.#join(subAt(6, 9), email);
    }
  }

  async #join(sub: string, email: string): Promise<void> {
    const newcomer = `${sub}-${email}`;
    valueOf(await this.directory.beginVerification(pendingOf(newcomer, email), tokenOf(newcomer, email), linkOf(sub), meta));
    valueOf(await this.directory.putAccount(valueOf(await this.directory.claimEmail(tokenOf(newcomer, email), meta)), meta));
    await this.directory.finishVerification(tokenOf(newcomer, email));
    expect(await this.directory.findEmail(email)).toEqual({ sub: newcomer });
  }
}

it("[SU37] links, repetitions, crashes and deletions over two objects never give an address to two or leave it to nobody", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 16 }), async (steps) => {
      const world = new World();
      vi.setSystemTime(START);
      for (const { sub } of SUBS.slice(1))
        valueOf(await subjectsAt(`directory-model-${runs}`, PLACES[1]).rpc.createGuest({ sub, name: "g" }, meta));
      for (const at of LINKS.keys()) await world.mail(at);
      for (const one of steps) {
        if (one.do === "pass") await world.pass(one.ms);
        else if (one.do === "mail") await world.mail(one.link);
        else if (one.do === "whole") await world.whole(one.link);
        else if (one.do === "at-once") await Promise.all([world.use("claim", one.link), world.use(one.and.do, one.and.link)]);
        else if (one.do === "overtake") {
          await world.use("claim", one.link);
          await world.pass(LIMITS.takeOverMs);
          await world.use("claim", one.by);
        } else if (one.do === "evict") await world.evict(one.object);
        else if (one.do === "delete") await world.delete(one.who);
        else await world.use(one.do, one.link);
        await world.check();
      }
      await world.end();
      await world.check();
    }),
    { seed: 20_261_120, numRuns: 24 },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(2);
});

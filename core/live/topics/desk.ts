import type { Publication } from "../../../contract/rpc/hub.ts";
import { accept, type Outcome, type Problem } from "../../../contract/problems.ts";
import type { TopicDefinition, TopicFigures, TopicResult, TopicStanding, TopicWrite } from "../../../contract/rpc/topics.ts";
import { TOPIC_LIMITS as L } from "../../../contract/room-limits.ts";
import { topicSettingsSchema } from "../../../contract/topics.ts";
import { isBuiltIn } from "../../../contract/topic-names.ts";
import { compareWrites } from "./keyed.ts";
import type { KeyRow, TopicEntry, TopicRow, TopicStore } from "./store.ts";

export const NO_TOPIC: Problem = { slug: "not-found", detail: "There is no topic of this name." };

export interface Published {
  readonly items: TopicResult[];
  /** What is new, in order. */
  readonly publications: readonly Publication[];
  readonly settings: TopicRow["settings"];
}

/**
 * A home's decisions about its topics: what is stored, what a write does to the state of its key, what is too old to be kept. Holds
 * nothing itself; each call is to be made inside one transaction. `now` is epoch milliseconds.
 */
export class TopicDesk {
  readonly #store: TopicStore;
  readonly #newEpoch: () => string;

  constructor(store: TopicStore, newEpoch: () => string) {
    this.#store = store;
    this.#newEpoch = newEpoch;
  }

  /** Takes what the catalogue says. An older word changes nothing; whether it is keyed is fixed by the first message. */
  configure({ channel, settings, version }: TopicDefinition): Outcome<{ version: number }> {
    const row = this.#store.find(channel);
    if (!row) this.#store.save({ ...this.#fresh(channel), settings, version });
    else if (version > row.version) {
      if (row.removing) return { ok: false, problem: { slug: "conflict", detail: "A topic of this name is still being removed." } };
      const keyed = row.offset > 0 ? row.settings.keyed : settings.keyed;
      this.#store.save({ ...row, settings: { ...settings, keyed }, version });
    }
    return accept({ version: Math.max(version, row?.version ?? 0) });
  }

  /** Removes a slice of a topic, which is gone for everybody from the first on. @returns whether something is left */
  remove(channel: string, version: number): boolean {
    const row = this.#store.find(channel);
    if (!row || row.version > version) return false; // removed already, and maybe made anew
    if (!row.removing) this.#store.save({ ...row, removing: true });
    const went = this.#store.drop(channel, row.offset, L.slice) + this.#store.dropKeys(channel, L.slice);
    if (went > 0) return true;
    this.#store.dropConflicts(channel);
    for (const hub of this.#store.followers(channel)) this.#store.unfollow(channel, hub);
    this.#store.forget(channel);
    return false;
  }

  /**
   * Stores messages in order, each once.
   * @param whole a message that is refused refuses all of them, and then nothing may be kept of this call
   */
  publish(channel: string, writes: readonly TopicWrite[], whole: boolean, now: number): Outcome<Published> {
    let row = this.#live(channel);
    if (!row) return { ok: false, problem: NO_TOPIC };
    if (isUnseen(row)) this.#store.save(row);
    const before = row;
    const items: TopicResult[] = [];
    const publications: Publication[] = [];
    for (const [at, write] of writes.entries()) {
      const done = this.#one(row, write, now);
      if ("problem" in done.item) {
        if (whole) return { ok: false, problem: pointed(done.item.problem, writes.length > 1 ? `/messages/${at}` : "") };
      } else row = done.row;
      items.push(done.item);
      if (done.publication) publications.push(done.publication);
    }
    if (row !== before) this.#store.save(this.#trimmed(row, now));
    return accept({ items, publications, settings: row.settings });
  }

  /** Somebody wants to be told. @param hub another one; null: sockets of the home itself */
  follow(channel: string, hub: number | null): TopicStanding | null {
    const row = this.#live(channel);
    if (!row) return null;
    if (isUnseen(row)) this.#store.save(row); // its epoch is given out
    if (hub !== null) this.#store.follow(channel, hub);
    return { epoch: row.epoch, offset: row.offset, isPublic: row.settings.visibility === "public" };
  }

  figures(row: TopicRow, now: number): TopicFigures {
    return { epoch: row.epoch, offset: row.offset, kept: row.offset - this.floorOf(row, now), conflicts: row.conflicts };
  }

  /** The topic, when there is one: a plane's own are there without having been made. */
  find(channel: string): TopicRow | undefined {
    return this.#live(channel);
  }

  /** The highest offset that is not kept (any more): also what is only about to be deleted. */
  floorOf({ channel, floor, offset, settings }: TopicRow, now: number): number {
    const least = Math.max(floor, offset - settings.keep);
    const oldest = this.#store.after(channel, least, 1)[0];
    if (!oldest || oldest.at > now - settings.keepSeconds * 1_000) return least;
    return this.#expiredUpTo(channel, least, offset, now - settings.keepSeconds * 1_000);
  }

  /** Deletes what is too old. @returns when the oldest that is left will be, and whether this slice was not enough; null: nothing is left */
  expire(channel: string, now: number): { readonly nextAt: number; readonly more: boolean } | null {
    const row = this.#live(channel);
    if (!row || isUnseen(row)) return null;
    const floor = this.floorOf(row, now);
    const went = this.#store.drop(channel, floor, L.slice);
    if (floor !== row.floor) this.#store.save({ ...row, floor });
    const oldest = this.#store.after(channel, floor, 1)[0];
    if (went === L.slice) return { nextAt: now, more: true };
    return oldest ? { nextAt: oldest.at + row.settings.keepSeconds * 1_000, more: false } : null;
  }

  /** A restored log: what followers know of it may be later than what it holds. */
  beginAnew(channel: string): void {
    const row = this.#store.find(channel);
    if (row) this.#store.save({ ...row, epoch: this.#newEpoch() });
  }

  #one(row: TopicRow, { by, message }: TopicWrite, now: number): { row: TopicRow; item: TopicResult; publication?: Publication } {
    const { clientId, key } = message;
    const { channel, settings } = row;
    const known = this.#store.sent(channel, by, clientId);
    if (known) return { row, item: { clientId, offset: known.offset, at: known.at } };
    const problem = misfit(settings.keyed, key);
    if (problem) return { row, item: { clientId, problem } };
    const stamp = { version: message.version ?? 0, at: message.at ?? now, clientId };
    let keys = row.keys;
    if (key !== undefined) {
      const winner = this.#store.key(channel, key);
      const later = winner ? compareWrites(stamp, winner) : 1;
      if (winner && later === 0) return { row, item: { clientId, offset: winner.offset, at: winner.at } };
      if (winner && later < 0)
        return { row: this.#conflict(row, key, { ...stamp, by }, winner, now), item: { clientId, conflict: entryOf(winner) } };
      if (!winner && keys >= L.keys) return { row, item: { clientId, problem: FULL } };
      if (!winner) keys++;
    }
    const offset = row.offset + 1;
    const data = JSON.stringify(message.data ?? null);
    const entry: TopicEntry = {
      offset,
      at: now,
      type: message.type,
      data,
      priority: message.priority,
      key: key ?? null,
      version: key === undefined ? null : stamp.version,
      clientId,
      by,
    };
    if (settings.keep > 0) this.#store.append(channel, entry);
    if (key !== undefined) this.#store.putKey(channel, { key, ...stamp, data, offset, by });
    return { row: { ...row, offset, keys }, item: { clientId, offset, at: now }, publication: publicationOf(row, entry) };
  }

  /** A repetition of the write that lost last is no conflict of its own. */
  #conflict(row: TopicRow, key: string, lost: KeyLoss, winner: KeyRow, now: number): TopicRow {
    const last = this.#store.conflicts(row.channel)[0];
    if (last?.key === key && last.lost.by === lost.by && compareWrites(last.lost, lost) === 0) return row;
    const won = { version: winner.version, at: winner.at, clientId: winner.clientId };
    this.#store.noteConflict(row.channel, { at: now, key, lost, won }, L.conflicts);
    return { ...row, conflicts: row.conflicts + 1 };
  }

  /** Deletes what is too much or too old, some at a time: at least as many as were added, so that it comes to its end. */
  #trimmed(row: TopicRow, now: number): TopicRow {
    const floor = this.floorOf(row, now);
    this.#store.drop(row.channel, floor, L.slice);
    return floor === row.floor ? row : { ...row, floor };
  }

  #expiredUpTo(channel: string, floor: number, offset: number, before: number): number {
    // By halves: times rise with offsets.
    let [low, high] = [floor, offset];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const entry = this.#store.after(channel, middle, 1)[0];
      if (entry && entry.at <= before) low = entry.offset;
      else high = middle;
    }
    return low;
  }

  #live(channel: string): TopicRow | undefined {
    const row = this.#store.find(channel);
    if (row) return row.removing ? undefined : row;
    return isBuiltIn(channel) ? this.#fresh(channel) : undefined;
  }

  #fresh(channel: string): TopicRow {
    const settings = topicSettingsSchema.parse({});
    const counted = { offset: 0, floor: 0, conflicts: 0, keys: 0, removing: false };
    return { channel, settings, version: 0, epoch: this.#newEpoch(), ...counted };
  }
}

type KeyLoss = { readonly version: number; readonly at: number; readonly clientId: string; readonly by: string };

const FULL: Problem = { slug: "quota-reached", detail: `A keyed topic has at most ${L.keys} keys.` };

function misfit(keyed: boolean, key: string | undefined): Problem | undefined {
  if (keyed === (key !== undefined)) return undefined;
  const detail = keyed ? "This topic is keyed: say whose state it is." : "This topic is not keyed: leave the key out.";
  return { slug: "invalid-body", detail: "One field has to be changed: see `errors`.", errors: [{ pointer: "/key", detail }] };
}

function pointed(problem: Problem, at: string): Problem {
  return problem.errors ? { ...problem, errors: problem.errors.map((one) => ({ ...one, pointer: `${at}${one.pointer}` })) } : problem;
}

/** What tells followers of a topic to ask for it anew: it was removed, or is not for everybody any more. */
export function resetOf(channel: string, now: number): Publication {
  return { channel, epoch: "", offset: 0, type: "reset", at: now, data: null };
}

/** A plane's own topic of which nothing is stored yet. */
function isUnseen(row: TopicRow): boolean {
  return row.version === 0 && row.offset === 0;
}

export function entryOf({ key, version, at, clientId, data, offset }: KeyRow) {
  return { key, version, at, clientId, data: JSON.parse(data) as unknown, offset }; // JSON of ours
}

/** As sockets get it. */
export function publicationOf({ channel, epoch }: Pick<TopicRow, "channel" | "epoch">, entry: TopicEntry): Publication {
  const { offset, at, type, data, priority, key, version, clientId } = entry;
  return {
    channel,
    epoch,
    offset,
    type,
    at,
    data: JSON.parse(data) as unknown, // JSON of ours
    meta: { clientId, ...(key === null ? {} : { key, version }) },
    after: offset - 1,
    ...(priority === "normal" ? {} : { priority }),
  };
}

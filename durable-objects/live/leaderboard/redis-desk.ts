import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import type { RedisReply } from "../../../contract/rpc/leaderboard.ts";
import type { RankedSets, SortKey } from "../../../core/live/leaderboard/ranked-sets.ts";
import type { RedisCommand, RedisFault } from "../../../core/live/redis/command.ts";
import { parseCommand } from "../../../core/live/redis/parse-command.ts";
import { ABSENT_KEY, effectOf, type RedisKey, runCommand } from "../../../core/live/redis/run-command.ts";
import type { ObjectKit } from "../../kit/object-kit.ts";
import type { RedisRows } from "./sql-redis.ts";

/** Its timer: rankings that a DEL left behind go in slices. */
export const DROPPED_TIMER = "redis:dropped";

/** Bytes of members in one row of changes, at most: a row may have 2 MB, and each change adds the numbers of two keys. */
const CHANGE_BYTES = 256 * 1024;
/** No UTF-16 unit has more bytes in UTF-8, and no change more bytes of numbers. */
const UNIT_BYTES = 3;
const NUMBER_BYTES = 64;

/**
 * A sorted set of the Redis protocol: commands over one key, those of a call in one transaction. A command that answers an error has
 * changed nothing, and does not undo the others, as in Redis.
 */
export class RedisDesk implements RedisKey {
  readonly sets: RankedSets;
  readonly #kit: ObjectKit;
  readonly #rows: RedisRows;
  #exists = false;
  #set = 1;
  #seq = 0;
  /** Of changes that were made and are not in a row yet. */
  #unlogged = 0;

  constructor(kit: ObjectKit, sets: RankedSets, rows: RedisRows) {
    this.#kit = kit;
    this.sets = sets;
    this.#rows = rows;
  }

  /** Reads anew what memory holds: at first, and after a transaction was undone. */
  load(): void {
    this.sets.reset();
    this.#set = this.#rows.set();
    this.#seq = this.#rows.lastSeq();
    this.#unlogged = 0;
  }

  /** @param commands each a name, the key, and arguments; a DEL names this key alone */
  async run(commands: readonly (readonly string[])[]): Promise<RedisReply[]> {
    const parsed = commands.map(parseCommand);
    const effects = new Set(parsed.map((command) => ("error" in command ? "none" : effectOf(command))));
    // Whoever asks for a key that is not there must not make it.
    if (!effects.has("creates") && !this.#isThere()) return answers(ABSENT_KEY, parsed);
    if (!effects.has("creates") && !effects.has("changes")) return await this.#kit.read(() => answers(this, parsed));
    await this.#kit.ready();
    return this.#transaction(() => answers(this, parsed));
  }

  set(): number {
    return this.#set;
  }

  put(key: SortKey): void {
    this.sets.put(this.#set, key);
    this.#note(key.player);
  }

  remove(member: string): boolean {
    const removed = this.sets.remove(this.#set, member).before !== null;
    if (removed) this.#note(member);
    return removed;
  }

  drop(): boolean {
    const left = this.#set;
    if (this.sets.total(left) === 0) return false;
    this.#set = left + 1;
    this.#rows.putSet(this.#set);
    // Of a ranking that one slice empties, the second takes the buckets: no timer for it.
    for (let slice = 0; slice < 2; slice++) if (this.sets.dropSlice(left, LEADERBOARD_LIMITS.sliceRows) === 0) return true;
    this.#rows.drop(left);
    this.#kit.timers.set(DROPPED_TIMER, this.#kit.now());
    return true;
  }

  /** The timer: a slice of one ranking that was left behind. */
  sweep(now: number): void {
    this.#transaction(() => {
      const left = this.#rows.dropped();
      if (left === undefined) return;
      if (this.sets.dropSlice(left, LEADERBOARD_LIMITS.sliceRows) === 0) this.#rows.gone(left);
      if (this.#rows.dropped() !== undefined) this.#kit.timers.set(DROPPED_TIMER, now);
    });
  }

  #isThere(): boolean {
    this.#exists ||= this.#rows.exist();
    return this.#exists;
  }

  #transaction<T>(work: () => T): T {
    try {
      return this.#kit.transaction(() => {
        const result = work();
        this.#log();
        this.sets.checkpoint(this.#seq);
        // The newest row stays: the next number follows it.
        const settled = Math.min(this.sets.checkpointedSeq(), this.#seq - 1);
        if (settled > 0) this.#rows.trim(settled);
        return result;
      });
    } catch (error) {
      this.load();
      throw error;
    }
  }

  #note(member: string): void {
    this.#unlogged += member.length * UNIT_BYTES + NUMBER_BYTES;
    if (this.#unlogged >= CHANGE_BYTES) this.#log();
  }

  #log(): void {
    const changes = this.sets.takeChanges();
    this.#unlogged = 0;
    if (changes) this.#rows.append(++this.#seq, changes);
  }
}

/** The answers of one call: together they list so many members and no more. */
function answers(key: RedisKey, commands: readonly (RedisCommand | RedisFault)[]): RedisReply[] {
  const budget = { rows: LEADERBOARD_LIMITS.redisRows };
  return commands.map((command) => ("error" in command ? command : runCommand(key, command, budget)));
}

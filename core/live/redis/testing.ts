import type { RedisReply } from "../../../contract/rpc/leaderboard.ts";
import type { RankedSets } from "../leaderboard/ranked-sets.ts";
import { ArraySets } from "../leaderboard/testing.ts";
import { parseCommand } from "./parse-command.ts";
import { type RedisKey, runCommand } from "./run-command.ts";

/** One sorted set in memory, and commands as one would type them: `key` is left out. */
export class TypedRedis implements RedisKey {
  readonly sets: RankedSets;
  #set = 1;

  constructor(sets: RankedSets = new ArraySets()) {
    this.sets = sets;
  }

  /** `zadd NX 1 a` */
  type(line: string, rows = 1_000): RedisReply {
    const [name = "", ...args] = line.split(" ");
    return this.run([name, "key", ...args], rows);
  }

  run(words: readonly string[], rows = 1_000): RedisReply {
    const command = parseCommand(words);
    return "error" in command ? command : runCommand(this, command, { rows });
  }

  set(): number {
    return this.#set;
  }

  put(key: Parameters<RankedSets["put"]>[1]): void {
    this.sets.put(this.#set, key);
  }

  remove(member: string): boolean {
    return this.sets.remove(this.#set, member).before !== null;
  }

  drop(): boolean {
    const was = this.sets.total(this.#set) > 0;
    if (was) this.#set += 1;
    return was;
  }
}

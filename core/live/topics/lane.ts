import type { Publication } from "../../../contract/rpc/hub.ts";
import { TOPIC_LIMITS } from "../../../contract/room-limits.ts";

export interface LaneLimits {
  /** Publications that wait before those of low priority go, */
  readonly soft: number;
  /** and before all but the newest of each topic go: who gets that sees the hole before it and fetches. */
  readonly hard: number;
}
const LIMITS: LaneLimits = { soft: TOPIC_LIMITS.laneSoft, hard: TOPIC_LIMITS.laneHard };

/** Publications that wait for somebody, in order, within a bound. What is left out is said by the `after` of the one behind it. */
export class Lane {
  readonly #limits: LaneLimits;
  #waiting: Publication[] = [];
  /** Per channel, the newest run that was left out: what it came after, and its last one. */
  readonly #left = new Map<string, { readonly after: number; readonly upTo: number }>();
  #shed = 0;

  constructor(limits: LaneLimits = LIMITS) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Publications of low priority that were left out, ever. */
  get shed(): number {
    return this.#shed;
  }

  add(publications: readonly Publication[]): void {
    for (const publication of publications) {
      this.#waiting.push(this.#chained(publication));
    }
    if (this.#waiting.length > this.#limits.soft) this.#shedLow();
    if (this.#waiting.length > this.#limits.hard) this.#keepNewest();
  }

  /** The oldest, as many as one call takes. */
  take(most: number): Publication[] {
    const taken = this.#waiting.slice(0, most);
    this.#waiting = this.#waiting.slice(most);
    return taken;
  }

  /** Those that wait, by priority. */
  counts(): { critical: number; normal: number; low: number } {
    const counts = { critical: 0, normal: 0, low: 0 };
    for (const { priority = "normal" } of this.#waiting) counts[priority]++;
    return counts;
  }

  /** Nothing may follow: without the newest nobody would ever see that something is missing. */
  #keepNewest(): void {
    const newest = new Map(this.#waiting.map((publication) => [publication.channel, publication]));
    this.#waiting = this.#waiting.filter((publication) => newest.get(publication.channel) === publication);
  }

  #shedLow(): void {
    const kept: Publication[] = [];
    for (const publication of this.#waiting) {
      const chained = this.#chained(publication);
      const { channel, priority, after, offset } = chained;
      if (priority === "low" && after !== undefined) {
        this.#left.set(channel, { after, upTo: offset });
        this.#shed++;
      } else kept.push(chained);
    }
    this.#waiting = kept;
  }

  /** What was left out right before it is no hole; anything else that is missing is one. */
  #chained(publication: Publication): Publication {
    const left = this.#left.get(publication.channel);
    this.#left.delete(publication.channel);
    return left !== undefined && publication.after === left.upTo ? { ...publication, after: left.after } : publication;
  }
}

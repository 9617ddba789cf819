import type { BoardSession } from "./live-session.ts";
import type { TopNow } from "./live-source.ts";

interface Shown {
  readonly window: string;
  readonly version: number;
  readonly total: number;
  /** JSON of each row, by player, in order. */
  readonly rows: ReadonlyMap<string, string>;
}

/** Those who follow the best of one ranking: each gets the whole once, then what changed. */
export class TopTopic {
  readonly members = new Set<BoardSession>();
  /** Members that have what is shown; the others get the whole. */
  readonly #synced = new Set<BoardSession>();
  #shown: Shown | undefined;

  leave(session: BoardSession): void {
    this.members.delete(session);
    this.#synced.delete(session);
  }

  /** What was shown to the others, for one that begins, or begins again after it missed something. @param read the top as it stands, when nothing was shown yet */
  begin(session: BoardSession, read: () => TopNow): string {
    this.#shown ??= shownOf(read());
    this.#synced.add(session);
    return wholeOf(this.#shown);
  }

  /** Shows this from now on. @returns what each member has to get, as JSON; each text is made once */
  *show(top: TopNow): Generator<{ readonly session: BoardSession; readonly data: string }> {
    const before = this.#shown;
    const shown = shownOf(top);
    this.#shown = shown;
    const change = before && before.window === shown.window ? changeOf(before, shown) : undefined;
    let whole: string | undefined;
    for (const session of this.members) {
      if (change === undefined || !this.#synced.has(session)) {
        this.#synced.add(session);
        yield { session, data: (whole ??= wholeOf(shown)) };
      } else if (change !== null) yield { session, data: change };
    }
  }
}

function shownOf({ window, version, total, items }: TopNow): Shown {
  return { window, version, total, rows: new Map(items.map((row) => [row.player, JSON.stringify(row)])) };
}

function wholeOf({ version, total, rows }: Shown): string {
  return `{"version":${version},"total":${total},"items":[${[...rows.values()].join(",")}]}`;
}

/** What leads from one to the other, or the whole where that is shorter; null when nothing is different. */
function changeOf(before: Shown, after: Shown): string | null {
  const changed = [...after.rows].filter(([player, row]) => before.rows.get(player) !== row).map(([, row]) => row);
  const removed = [...before.rows.keys()].filter((player) => !after.rows.has(player));
  if (changed.length + removed.length === 0 && before.total === after.total) return null;
  const { version, total } = after;
  const parts = [`"version":${version},"total":${total}`];
  if (changed.length > 0) parts.push(`"changed":[${changed.join(",")}]`);
  if (removed.length > 0) parts.push(`"removed":${JSON.stringify(removed)}`);
  const change = `{${parts.join(",")}}`;
  const whole = wholeOf(after);
  return whole.length < change.length ? whole : change;
}

import type { SetChange } from "../../../core/live/leaderboard/ranked-sets.ts";
import type { BoardSet } from "./windows.ts";

/** Something that connected clients may want to hear. Told after the commit; costs nothing while nobody listens. */
export type BoardNews =
  | {
      readonly type: "score";
      readonly player: string;
      readonly at: number;
      readonly changes: readonly { readonly set: BoardSet; readonly change: SetChange }[];
    }
  | {
      readonly type: "correction";
      readonly player: string;
      readonly changes: readonly { readonly set: BoardSet; readonly change: SetChange }[];
    }
  | { readonly type: "window"; readonly window: string; readonly state: "opened" | "closed" | "archived" };

export interface BoardLive {
  tell(news: BoardNews): void;
  /** The board is being removed: every socket is closed with 4404. */
  gone(): void;
  sockets(): number;
}

import type { Publication } from "../../../contract/rpc/hub.ts";
import { ROOM_LIMITS } from "../../../contract/room-limits.ts";
import { isNews, type Position } from "../frames.ts";
import type { Joining, Session } from "../session.ts";

/** One topic at a hub, there while somebody here follows it or waits to. */
export class FollowedTopic {
  readonly channel: string;
  /** Those who get what is passed on. */
  readonly members = new Set<Session>();
  /** Those without an answer yet. */
  readonly joining = new Map<Session, Joining>();
  /** Those who have their answer and are behind what was passed on meanwhile: how often the home was asked for the rest. */
  readonly late = new Map<Session, number>();
  /** The last publication taken here; unknown until the home has answered. */
  position: Position | undefined;
  /** Whether the home tells this hub. */
  followed = false;
  /** Whether it is being asked to. */
  asking = false;
  isPublic = false;
  /** Whether a hole is being fetched. */
  fetching = false;
  /** What came meanwhile. */
  readonly ahead: Publication[] = [];

  constructor(channel: string) {
    this.channel = channel;
  }

  get isEmpty(): boolean {
    return this.members.size + this.joining.size + this.late.size === 0;
  }

  /** What is too much to keep is fetched later, like what came before it. */
  keepAhead(publication: Publication): void {
    if (this.ahead.length < ROOM_LIMITS.recoveryEvents) this.ahead.push(publication);
  }

  /** The later of a place and what was taken here. */
  laterOf(place: Position): Position {
    return this.position?.epoch === place.epoch && isNews(place, this.position) ? this.position : place;
  }
}

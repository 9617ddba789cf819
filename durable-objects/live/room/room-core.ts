import type { RoomActs } from "../../../core/live/rooms/acts.ts";
import type { RoomHead } from "../../../core/live/rooms/store.ts";
import type { ObjectsEnv } from "../../env.ts";
import { createKit, type ObjectKit } from "../../kit/object-kit.ts";
import { LIVE_TIMER, type RoomParts, type RoomSocketSide, type RoomTeller } from "./parts.ts";

/** The parts of a room and its desks, put together. Made in the object's constructor; touches no storage. */
export class RoomCore implements RoomParts {
  readonly kit: ObjectKit;
  readonly bucket: R2Bucket;
  told: RoomTeller = () => undefined;
  committed: RoomTeller = () => undefined;
  sockets: RoomSocketSide | undefined;
  presence: RoomParts["presence"] = { stateOf: () => "offline" };

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    this.kit = createKit(ctx, env, {
      kind: "room",
      migrations: [],
      registered: true,
      timers: { [LIVE_TIMER]: (now) => this.sockets?.expire(now) },
      load: () => this.sockets?.restore(),
    });
    this.bucket = env.ARCHIVE;
  }

  get acts(): RoomActs {
    throw new Error("a room that was not configured has no acts");
  }

  head(): RoomHead | undefined {
    return undefined;
  }

  fannedOut(): void {
    // nothing was
  }

  summary(): undefined {
    return undefined;
  }
}

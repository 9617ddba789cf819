import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import type { Problem } from "../../contract/problems.ts";
import type { SocketLimits } from "./socket-machine.ts";

/** What a hub takes of sockets. */
export const HUB_LIMITS: SocketLimits = {
  sockets: LIVE_LIMITS.socketsPerHub,
  frameBytes: LIVE_LIMITS.frameBytes,
  framesPerSecond: LIVE_LIMITS.framesPerSecond,
  frameBurst: LIVE_LIMITS.frameBurst,
  malformedPerMinute: 1,
};

export const HUB_FULL: Problem = {
  slug: "unavailable",
  detail: "This hub is full; ask for a new ticket, which may name another.",
  retryAfterS: 1,
};

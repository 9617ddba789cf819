import * as z from "zod";
import { clientFrameSchema } from "../../../contract/live.ts";
import { ACTION_NAMES } from "../../../contract/permissions.ts";
import type { Problem } from "../../../contract/problems.ts";
import { type RoomFrame, roomFrameSchema } from "../../../contract/room-live.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { Admission } from "../../../contract/rpc/hub.ts";
import type { FollowFrame, SocketLimits } from "../socket-machine.ts";

/** Whom a room lets in: always somebody in particular, visitors of what is public included. */
export type RoomAdmission = Admission & { readonly person: NonNullable<Admission["person"]> };

/** What a credential may in rooms. */
export const ROOM_ACTIONS = ACTION_NAMES.filter((action) => action.startsWith("rooms:"));

/** What a client may say here beside the frames that every socket takes. */
export type RoomClientFrame = FollowFrame | RoomFrame;
export const FRAMES = z.discriminatedUnion("type", [...clientFrameSchema.options, ...roomFrameSchema.options]);

export const LIMITS: SocketLimits = {
  sockets: L.sockets,
  frameBytes: L.frameBytes,
  framesPerSecond: L.framesPerSecond,
  frameBurst: L.frameBurst,
  malformedPerMinute: L.malformedFrames,
};
export const FULL: Problem = {
  slug: "overloaded",
  detail: `A room has at most ${L.sockets} sockets. Try again later.`,
  retryAfterS: 30,
};

/** A subscription may read a thousand events: who reconnects needs one. */
export const SUBSCRIPTIONS = { perPeriod: 1, periodMs: 1_000, burst: 10 } as const;
/** Refusals for a rate. */
export const ABUSES = { perPeriod: L.abuses, periodMs: 60_000, burst: L.abuses } as const;

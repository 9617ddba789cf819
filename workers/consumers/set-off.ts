import type { EventMessage } from "../../contract/events.ts";
import type { EdgeEnv } from "../env.ts";
import { forgetSubject } from "./forget-subject.ts";
import { finishBoard } from "../live/leaderboards-finish.ts";
import { finishRoom } from "../live/rooms-finish.ts";
import { finishTopic } from "../live/topics-finish.ts";
import { clock } from "../http/request-context.ts";
import { type Mailer, mailVerification } from "./mail-webhook.ts";
import { closeEverywhere } from "./objects.ts";
import { repeatRevocation } from "./revocations.ts";

/** What an event makes others do; safe to repeat. Revocation has done its part already where the revoking request lived to do it. */
export async function setOff(env: EdgeEnv, event: EventMessage, mailer: Mailer): Promise<void> {
  switch (event.type) {
    case "meridian.key.revoked": {
      const keyId = event.data["keyId"];
      if (typeof keyId === "string") await closeEverywhere(env, event.tenantId, [`key:${keyId}`], event.at);
      return;
    }
    case "meridian.token.revoked":
      return await repeatRevocation(env, event);
    case "meridian.subject.deleted":
      return await forgetSubject(env, event);
    case "meridian.leaderboard.created":
    case "meridian.leaderboard.deleted": {
      const board = event.data["board"];
      // The request has done it, unless it ended before.
      if (typeof board === "string") await finishBoard(env, event.tenantId, board, clock(env));
      return;
    }
    case "meridian.room.created":
    case "meridian.room.updated":
    case "meridian.room.deleted": {
      const room = event.data["room"];
      if (typeof room === "string") await finishRoom(env, event.tenantId, room);
      return;
    }
    case "meridian.topic.created":
    case "meridian.topic.changed":
    case "meridian.topic.deleted": {
      const topic = event.data["topic"];
      if (typeof topic === "string") await finishTopic(env, event.tenantId, topic);
      return;
    }
    case "meridian.subject.verification-requested":
      return await mailVerification(env, event, mailer);
  }
}

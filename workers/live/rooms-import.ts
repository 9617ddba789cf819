import { z } from "@hono/zod-openapi";
import { sha256Hex } from "../../contract/base64.ts";
import { ROOM_LIMITS } from "../../contract/room-limits.ts";
import { importLineSchema, roomImportReplySchema } from "../../contract/rooms.ts";
import type { App } from "../http/app.ts";
import { audited } from "../http/audited.ts";
import { readBody } from "../http/body.ts";
import { InFlight } from "../http/bytes-in-flight.ts";
import { route } from "../http/define-route.ts";
import { tenantOf } from "../http/objects.ts";
import { inRoom, roomParams } from "./rooms-calls.ts";

const LIMITS = { compressedBytes: ROOM_LIMITS.importBytes, decompressedBytes: ROOM_LIMITS.importBytes };
const BATCH_ID_CHARS = 128;

/** Bodies of imports that this isolate holds: three of the largest, a fifth of what it has. */
const bodies = new InFlight(3 * ROOM_LIMITS.importBytes);

/** History from elsewhere. Not for end users, whatever they were granted: its lines speak for others. */
export function registerRoomImportRoutes(app: App): void {
  route(
    app,
    {
      method: "post",
      path: "/v1/rooms/{room}/import",
      action: "rooms:manage",
      tag: "live",
      summary: "Load history into a room",
      description:
        "NDJSON, a message with its own time and sender per line, gzip and deflate accepted. The same batchId, or without one the same content, is taken once.",
      params: roomParams,
      query: z.object({ batchId: z.string().min(1).max(BATCH_ID_CHARS).optional() }),
      rawBody: {
        mediaTypes: ["application/x-ndjson", "application/ndjson", "application/jsonl"],
        schema: importLineSchema,
        limits: LIMITS,
      },
      answer: { status: 200, schema: roomImportReplySchema },
      problems: [
        "not-found",
        "invalid-id",
        "invalid-body",
        "invalid-encoding",
        "payload-too-large",
        "request-timeout",
        "idempotency-mismatch",
      ],
    },
    async (call) => {
      const space = bodies.open();
      try {
        const body = await readBody(call.request, { ...LIMITS, room: space });
        if (!body.ok) return body;
        const { room } = call.params;
        const batchId = call.query.batchId ?? `sha256-${await sha256Hex(body.value)}`;
        return await audited(
          tenantOf(call),
          call.meta,
          { action: "room.import", target: `room/${room}`, detail: { batchId } },
          async () => await inRoom(call, room, async (object, by) => await object.importMessages(by, body.value, batchId, call.meta)),
          ({ imported, fromOffset, toOffset }) => ({ imported, fromOffset, toOffset }),
        );
      } finally {
        space.close();
      }
    },
  );
}

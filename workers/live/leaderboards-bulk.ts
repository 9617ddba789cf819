import { z } from "@hono/zod-openapi";
import { sha256Hex } from "../../contract/base64.ts";
import { LEADERBOARD_LIMITS as L } from "../../contract/leaderboard-limits.ts";
import { importLineSchema, importReplySchema, scoreBatchReplySchema, scoreBatchSchema } from "../../contract/leaderboard-scores.ts";
import type { Outcome } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { audited } from "../http/audited.ts";
import { readBody } from "../http/body.ts";
import { InFlight } from "../http/bytes-in-flight.ts";
import { route } from "../http/define-route.ts";
import { tenantOf } from "../http/objects.ts";
import { boardParams, withBoard } from "./leaderboards-calls.ts";

const common = { method: "post", tag: "live", params: boardParams } as const;
const REFUSALS = [
  "not-found",
  "invalid-id",
  "invalid-body",
  "invalid-encoding",
  "payload-too-large",
  "request-timeout",
  "board-busy",
] as const;
const BATCH = { compressedBytes: L.batchBytes, decompressedBytes: L.batchBytes };
const IMPORT = { compressedBytes: L.importBytes, decompressedBytes: L.importBytes };

/** Bodies of batches and imports that this isolate holds. */
export const bulkBodies = new InFlight(L.bytesInFlight);

/** Scores by the thousand. Their bytes cross to the board's object as they are, which reads them in one pass. */
export function registerBulkScoreRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      path: "/v1/leaderboards/{board}/score-batches",
      action: "leaderboards:submit",
      summary: "Submit scores in a batch",
      description: `At most ${L.batchItems} scores; each is answered by itself, in the order sent. The same batchId within 24 hours is taken once.`,
      rawBody: { mediaTypes: ["application/json"], schema: scoreBatchSchema, limits: BATCH },
      answer: { status: 200, schema: scoreBatchReplySchema },
      problems: REFUSALS,
    },
    async (call) =>
      await withBody(
        call.request,
        BATCH,
        async (bytes) => await withBoard(call, call.params.board, async (board) => await board.submitBatch(bytes, call.meta)),
      ),
  );
  route(
    app,
    {
      ...common,
      path: "/v1/leaderboards/{board}/imports",
      action: "leaderboards:manage",
      summary: "Load history",
      description:
        "NDJSON, a score with `occurredAt` per line, gzip and deflate accepted. No rules, no pushes, no rewards; closed windows too, as long as they can be ranked. The same batchId, or without one the same content, is taken once.",
      query: z.object({ batchId: z.string().min(1).max(L.batchIdChars).optional() }),
      rawBody: {
        mediaTypes: ["application/x-ndjson", "application/ndjson", "application/jsonl"],
        schema: importLineSchema,
        limits: IMPORT,
      },
      answer: { status: 200, schema: importReplySchema },
      problems: REFUSALS,
    },
    async (call) =>
      await withBody(call.request, IMPORT, async (bytes) => {
        const { board } = call.params;
        const batchId = call.query.batchId ?? `sha256-${await sha256Hex(bytes)}`;
        return await audited(
          tenantOf(call),
          call.meta,
          { action: "leaderboard.import", target: `leaderboard/${board}`, detail: { batchId } },
          async () => await withBoard(call, board, async (object) => await object.importScores(bytes, batchId, call.meta)),
          ({ imported, refused, duplicate }) => ({ imported, refused, duplicate }),
        );
      }),
  );
}

/** Reads a body within the isolate's bound, which is held until the work has ended. */
async function withBody<T>(
  request: Request,
  limits: { readonly compressedBytes: number; readonly decompressedBytes: number },
  work: (bytes: Uint8Array<ArrayBuffer>) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const room = bulkBodies.open();
  try {
    const body = await readBody(request, { ...limits, room });
    return body.ok ? await work(body.value) : body;
  } finally {
    room.close();
  }
}

import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import { boardAppliedSchema, boardApplySchema, boardDocumentSchema, boardRemoveSchema } from "../../contract/leaderboards.ts";
import { accept } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { applyDocument, observeDocument, removeDocument } from "./leaderboards-apply.ts";

const common = { tag: "live" } as const;
const HOW = `One call makes at most ${LEADERBOARD_LIMITS.applied} changes: send the same again until \`left\` is 0. The same document twice changes nothing the second time.`;

/** All boards and modes of a tenant as one declarative document. */
export function registerBoardDocumentRoutes(app: App): void {
  route(
    app,
    {
      ...common,
      method: "get",
      path: "/v1/leaderboard-document",
      action: "leaderboards:read",
      summary: "All leaderboards and modes as one document",
      answer: { status: 200, schema: boardDocumentSchema },
    },
    async (call) => accept(await observeDocument(call)),
  );
  route(
    app,
    {
      ...common,
      method: "post",
      path: "/v1/leaderboard-document/apply",
      action: "leaderboards:manage",
      summary: "Make leaderboards and modes as a document says",
      description: `Creates and changes; with \`prune\`, removes what the document does not name. ${HOW}`,
      body: boardApplySchema,
      maxBodyBytes: LEADERBOARD_LIMITS.documentBytes,
      answer: { status: 200, schema: boardAppliedSchema },
      problems: ["invalid-id", "invalid-name", "board-fixed", "too-many-windows", "quota-reached", "conflict"],
    },
    async (call) => await applyDocument(call, call.body.document, call.body.prune),
  );
  route(
    app,
    {
      ...common,
      method: "post",
      path: "/v1/leaderboard-document/remove",
      action: "leaderboards:manage",
      summary: "Remove the leaderboards and modes that a document names",
      description: HOW,
      body: boardRemoveSchema,
      maxBodyBytes: LEADERBOARD_LIMITS.documentBytes,
      answer: { status: 200, schema: boardAppliedSchema },
      problems: ["invalid-id", "conflict"],
    },
    async (call) => await removeDocument(call, call.body.document),
  );
}

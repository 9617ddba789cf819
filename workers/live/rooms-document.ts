import { accept } from "../../contract/problems.ts";
import {
  ROOM_DOCUMENT_LIMITS,
  roomAppliedSchema,
  roomApplySchema,
  roomDocumentSchema,
  roomRemoveSchema,
} from "../../contract/room-document.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { applyDocument, observeDocument, removeDocument } from "./rooms-apply.ts";
import { callerOf } from "./rooms-people.ts";

const manage = { action: "rooms:manage", tag: "live", maxBodyBytes: ROOM_DOCUMENT_LIMITS.bytes } as const;
const HOW = `One call makes at most ${ROOM_DOCUMENT_LIMITS.applied} changes: send the same again until \`left\` is 0. The same document twice changes nothing the second time.`;

/** A tenant's declared rooms as one document. */
export function registerRoomDocumentRoutes(app: App): void {
  route(
    app,
    {
      method: "get",
      path: "/v1/room-document",
      action: "rooms:read",
      tag: "live",
      summary: "All declared rooms as one document",
      description:
        "Declared are rooms that operators made, and those of documents that were applied; not what programs and end users make as they go.",
      answer: { status: 200, schema: roomDocumentSchema },
    },
    async (call) => accept(await observeDocument(call)),
  );
  route(
    app,
    {
      ...manage,
      method: "post",
      path: "/v1/room-document/apply",
      summary: "Make rooms as a document says",
      description: `Creates and changes; with \`prune\`, removes declared rooms that the document does not name. ${HOW}`,
      body: roomApplySchema,
      answer: { status: 200, schema: roomAppliedSchema },
      problems: ["invalid-id", "quota-reached", "conflict"],
    },
    async (call) => {
      const by = await callerOf(call.principal, "*", call);
      return await applyDocument(call, by, call.body.document, call.body.prune);
    },
  );
  route(
    app,
    {
      ...manage,
      method: "post",
      path: "/v1/room-document/remove",
      summary: "Remove the rooms that a document names",
      description: HOW,
      body: roomRemoveSchema,
      answer: { status: 200, schema: roomAppliedSchema },
      problems: ["invalid-id", "conflict"],
    },
    async (call) => await removeDocument(call, call.body.document),
  );
}

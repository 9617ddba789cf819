import { may } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
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

const TOPICS_DENIED: Outcome<never> = refuse("forbidden", "The topics of a document need topics:manage too.");

/** A tenant's declared rooms and its topics as one document. */
export function registerRoomDocumentRoutes(app: App): void {
  route(
    app,
    {
      method: "get",
      path: "/v1/room-document",
      action: "rooms:read",
      tag: "live",
      summary: "All declared rooms and all topics as one document",
      description:
        "Declared are rooms that operators made, and those of documents that were applied; not what programs and end users make as they go.",
      answer: { status: 200, schema: roomDocumentSchema },
    },
    async (call) => {
      const document = await observeDocument(call);
      return accept(may(call.principal, "topics:read") ? document : { ...document, topics: {} });
    },
  );
  route(
    app,
    {
      ...manage,
      method: "post",
      path: "/v1/room-document/apply",
      summary: "Make rooms and topics as a document says",
      description: `Creates and changes; with \`prune\`, removes declared rooms that the document does not name. ${HOW}`,
      body: roomApplySchema,
      answer: { status: 200, schema: roomAppliedSchema },
      problems: ["invalid-id", "invalid-name", "not-found", "quota-reached", "conflict"],
    },
    async (call) => {
      const by = await callerOf(call.principal, "*", call);
      const { document, prune } = call.body;
      const mayTopics = may(call.principal, "topics:manage");
      if (!mayTopics && Object.keys(document.topics).length > 0) return TOPICS_DENIED;
      return await applyDocument(call, by, document, { rooms: prune, topics: prune && mayTopics });
    },
  );
  route(
    app,
    {
      ...manage,
      method: "post",
      path: "/v1/room-document/remove",
      summary: "Remove the rooms and topics that a document names",
      description: HOW,
      body: roomRemoveSchema,
      answer: { status: 200, schema: roomAppliedSchema },
      problems: ["invalid-id", "conflict"],
    },
    async (call) => {
      const { document } = call.body;
      if (!may(call.principal, "topics:manage") && Object.keys(document.topics).length > 0) return TOPICS_DENIED;
      return await removeDocument(call, document);
    },
  );
}

import type { Outcome, Problem } from "../../contract/problems.ts";
import { type DeclaredRoom, ROOM_DOCUMENT_LIMITS, type RoomApplied, type RoomDocument } from "../../contract/room-document.ts";
import type { RoomCaller } from "../../contract/rpc/room.ts";
import type { D1Call } from "../db/d1-change.ts";
import { type DocumentStep, makeSteps, single, within } from "./document-steps.ts";
import { changeRoom, deleteRoom, differing } from "./rooms-change.ts";
import { createRoom } from "./rooms-create.ts";
import { DIRECT_PREFIX } from "./rooms-people.ts";
import { observeTopics, topicProblem, topicRemovals, topicSteps } from "./topics-apply.ts";
import type { TopicChangeCall } from "./topics-change.ts";
import { findRooms, listDeclared, type RoomRow } from "./rooms-store.ts";

type Change = RoomApplied["changes"][number];
export type Step = DocumentStep<Change>;

/** Everything that the tenant's people declared: applied as it is, it changes nothing. */
export async function observeDocument(call: TopicChangeCall): Promise<RoomDocument> {
  const { env, principal } = call;
  const rows = await listDeclared(env.DB, principal.tenantId, ROOM_DOCUMENT_LIMITS.rooms);
  const declared = rows.flatMap(({ room, kind, settings }) => (kind === "direct" ? [] : [[room, { kind, ...settings }] as const]));
  return { rooms: Object.fromEntries(declared), topics: await observeTopics(call) };
}

/** Makes rooms and topics as the document says. The whole is checked before the first change is made. */
export async function applyDocument(
  call: TopicChangeCall,
  by: RoomCaller,
  { rooms, topics }: RoomDocument,
  prune: { readonly rooms: boolean; readonly topics: boolean },
): Promise<Outcome<RoomApplied>> {
  const { env, principal } = call;
  const there = new Map((await findRooms(env.DB, principal.tenantId, Object.keys(rooms))).map((row) => [row.room, row]));
  const steps: Step[] = [];
  for (const [room, wanted] of Object.entries(rooms)) {
    const problem = problemOf(room, wanted, there.get(room));
    if (problem) return within(problem, `/document/rooms/${room}`);
    steps.push(roomStep(call, by, room, wanted, there.get(room)));
  }
  for (const topic of Object.keys(topics)) {
    const problem = topicProblem(topic);
    if (problem) return within(problem, `/document/topics/${topic.replaceAll("/", "~1")}`);
  }
  if (prune.rooms) {
    for (const { room } of await listDeclared(env.DB, principal.tenantId, ROOM_DOCUMENT_LIMITS.rooms))
      if (!Object.hasOwn(rooms, room)) steps.push(roomGone(call, room));
  }
  return await make([...steps, ...(await topicSteps(call, topics, prune.topics))]);
}

/** Removes what the document names, as far as it is there. */
export async function removeDocument(call: TopicChangeCall, { rooms, topics }: RoomDocument): Promise<Outcome<RoomApplied>> {
  const there = await findRooms(call.env.DB, call.principal.tenantId, Object.keys(rooms));
  return await make([...there.map(({ room }) => roomGone(call, room)), ...(await topicRemovals(call, topics))]);
}

function problemOf(room: string, { kind }: DeclaredRoom, before: RoomRow | undefined): Problem | undefined {
  if (room.startsWith(DIRECT_PREFIX)) return { slug: "invalid-id", detail: `Names that begin with ${DIRECT_PREFIX} are for direct rooms.` };
  if (before && before.kind !== kind)
    return { slug: "conflict", detail: `There is a ${before.kind} of this name: a room's kind never changes.` };
  return undefined;
}

function roomStep(call: D1Call, by: RoomCaller, room: string, { kind, ...settings }: DeclaredRoom, before: RoomRow | undefined): Step {
  if (!before) {
    const input = { room, kind, members: [], ...settings };
    return { what: "room", name: room, change: "created", make: async () => await createRoom(single(call), by, input, true) };
  }
  if (before.declared && before.state === "live" && differing(before, settings).length === 0)
    return { what: "room", name: room, change: "same" };
  const change = async () => await changeRoom(single(call), room, settings, undefined, true);
  return { what: "room", name: room, change: "changed", make: change };
}

function roomGone(call: D1Call, room: string): Step {
  return { what: "room", name: room, change: "removed", make: async () => await deleteRoom(single(call), room) };
}

/** See `makeSteps`. */
async function make(steps: readonly Step[]): Promise<Outcome<RoomApplied>> {
  return await makeSteps<Change>(steps, ROOM_DOCUMENT_LIMITS.applied);
}

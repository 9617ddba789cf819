import { cryptoRandom, randomText } from "../../contract/ids.ts";
import { gcra, type Rate } from "../../contract/gcra.ts";
import { ROOM_LIMITS } from "../../contract/room-limits.ts";
import { type RoomCreate, type RoomRole, roomSettingsSchema } from "../../contract/rooms.ts";
import { accept, type Outcome, type Problem, refuse } from "../../contract/problems.ts";
import type { RoomCaller } from "../../contract/rpc/room.ts";
import { subjectRef } from "../../contract/subject-id.ts";
import * as z from "zod";
import { changeInD1, type D1Call } from "../db/d1-change.ts";
import { check } from "../http/define-route.ts";
import { registerIsolateCache } from "../http/isolate-caches.ts";
import { Lru } from "../http/lru.ts";
import { finishRoom } from "./rooms-finish.ts";
import { DIRECT_PREFIX, directRoomOf } from "./rooms-people.ts";
import { findRoom, type FirstMembers, hasRoom, insertRoom, type RoomRow } from "./rooms-store.ts";

/** Digits of a name that nobody chose: 100 random bits. */
const NAME_CHARS = 20;
/** Rooms that one end user may begin, counted by each isolate: each is an entry in the tenant's audit log and a row of its quota. */
const CREATIONS: Rate = { perPeriod: 30, periodMs: 60_000, burst: 30 };
/** An object of that name which is just being emptied is asked again: a small one needs less than a second. */
const SETTLE = { asked: 5, pauseMs: 200 } as const;

const creations = new Lru<number>(10_000);
registerIsolateCache(() => creations.clear());

const createdSchema = z.object({ room: z.string(), isNew: z.boolean() });
/** A room that is there now, and whether this call made it: two people who begin at once get one direct room. */
export type Created = z.infer<typeof createdSchema>;

/**
 * Creates a room: a row, the check of the quota and an outbox row in one batch; then its object is told.
 * @param declared whether it belongs into the tenant's document of rooms, unless it is direct
 */
export async function createRoom(
  call: D1Call,
  by: RoomCaller,
  input: RoomCreate,
  declared = by.kind === "operator",
): Promise<Outcome<Created>> {
  const { env, principal, now } = call;
  const { tenantId } = principal;
  const created = await changeInD1<Created>(
    call,
    (answer) => createdSchema.parse(answer),
    async () => {
      const planned = await plan(tenantId, by, input);
      if (!planned.ok) return planned;
      const { room, members } = planned.value;
      const { kind } = input;
      const before = await findRoom(env.DB, tenantId, room);
      if (before && kind === "direct" && before.state !== "deleting") return accept({ unchanged: { room, isNew: false } });
      // Before names are told to be taken: nobody tries them out.
      const rate = takeCreation(by, tenantId, now);
      if (!rate.ok) return rate;
      if (before && (before.state !== "deleting" || (await finishRoom(env, tenantId, room)))) return taken(before);
      const settings = check(roomSettingsSchema, settingsOf(input), "body");
      if (!settings.ok) return settings;
      const guard = hasRoom(tenantId, room, ROOM_LIMITS.rooms);
      const row = { tenantId, room, kind, settings: settings.value, members, version: now, declared: declared && kind !== "direct" };
      return accept({
        about: { action: "room.create", target: `room/${room}`, detail: { kind, members: members.length } },
        event: { type: "meridian.room.created", subject: `room/${room}`, data: { room, kind, version: now } } as const,
        guard,
        statements: [insertRoom(env.DB, row, guard)],
        answer: { room, isNew: true },
        refused: async () => {
          const other = await findRoom(env.DB, tenantId, room);
          return other ? taken(other).problem : quota();
        },
      });
    },
  );
  if (!created.ok && created.problem === DIRECT_TWIN) return await createRoom(call, by, input, declared);
  if (created.ok) await settled(call, created.value.room);
  return created;
}

/** Calls that found no room may have come just before it was made: a page that opens one asks several things at once. */
const JUST_MADE_MS = 10_000;

/**
 * A room that is used for the first time by somebody whose grant lets them create it.
 * @returns whether there is something to ask again: it was made, or the object had not been told of it
 */
export async function createAtFirstUse(call: D1Call, by: RoomCaller, room: string): Promise<boolean> {
  const row = await findRoom(call.env.DB, call.principal.tenantId, room);
  if (row?.state === "live") return row.createdAt > call.now - JUST_MADE_MS;
  if (row) return (await finishRoom(call.env, row.tenantId, room))?.state === "live";
  if (by.kind !== "subject" || !by.granted.includes("create") || room.startsWith(DIRECT_PREFIX)) return false;
  const { idempotency: _, ...meta } = call.meta; // the key belongs to what is done in the room
  const made = await createRoom({ ...call, meta }, by, { room, kind: "group", members: [] });
  if (made.ok || made.problem.slug !== "conflict") return made.ok;
  // Somebody else was quicker, and may not have told the room's object of it yet.
  return (await finishRoom(call.env, call.principal.tenantId, room))?.state === "live";
}

interface Planned {
  readonly room: string;
  readonly members: FirstMembers;
}

/** What the room is called, and who is in it from the start. */
async function plan(tenantId: string, by: RoomCaller, { room, kind, members }: RoomCreate): Promise<Outcome<Planned>> {
  const own = by.kind === "subject" ? by.id : undefined;
  const people = [...new Set(own === undefined ? members : [own, ...members])];
  const named = await Promise.all(
    people.map(async (subject) => ({
      subject,
      ref: await subjectRef(tenantId, subject),
      role: roleOf(subject === own && kind !== "direct"),
      name: subject === own ? by.name : "",
      avatarUrl: subject === own ? by.avatarUrl : null,
    })),
  );
  if (kind !== "direct") {
    if (room?.startsWith(DIRECT_PREFIX)) return badId(`Names that begin with ${DIRECT_PREFIX} are for direct rooms.`);
    return accept({ room: room ?? `${kind}-${randomText(NAME_CHARS, cryptoRandom)}`, members: named });
  }
  const [one, other, ...more] = people;
  if (one === undefined || other === undefined || more.length > 0) {
    return refuse("invalid-body", "One field has to be changed: see `errors`.", {
      errors: [{ pointer: "/members", detail: own === undefined ? "Name both people." : "Name the other one of the two." }],
    });
  }
  const direct = await directRoomOf(tenantId, [one, other]);
  if (room !== undefined && room !== direct) return badId("Leave `room` out: a direct room's name follows from its two people.");
  return accept({ room: direct, members: named });
}

function roleOf(isOwner: boolean): RoomRole {
  return isOwner ? "owner" : "member";
}

function badId(detail: string): Outcome<never> {
  return refuse("invalid-id", "One field has to be changed: see `errors`.", { errors: [{ pointer: "/room", detail }] });
}

/** Only what was sent: what is absent gets the default of the contract. */
function settingsOf({ room: _room, kind: _kind, members: _members, ...settings }: RoomCreate): object {
  return settings;
}

function takeCreation(by: RoomCaller, tenantId: string, now: number): Outcome<undefined> {
  if (by.kind !== "subject") return accept(undefined);
  const name = `${tenantId}/${by.ref}`;
  const { allowed, tat, retryAfterMs } = gcra(CREATIONS, creations.get(name, now), now);
  creations.set(name, tat, tat);
  if (allowed) return accept(undefined);
  return refuse("rate-limited", "That is a lot of new rooms. Wait, then go on more slowly.", { retryAfterS: retryAfterMs / 1_000 });
}

/** The other of the two was quicker: theirs is the room. */
const DIRECT_TWIN: Problem = { slug: "conflict", detail: "The other person has just begun this conversation. Try again." };

function taken({ state, kind }: Pick<RoomRow, "state" | "kind">): { readonly ok: false; readonly problem: Problem } {
  if (state === "deleting") {
    return { ok: false, problem: { slug: "conflict", detail: "A room of this name is still being removed. Try again in a minute." } };
  }
  if (kind === "direct") return { ok: false, problem: DIRECT_TWIN };
  return { ok: false, problem: { slug: "conflict", detail: "There is a room of this name already. Choose another name." } };
}

function quota(): Problem {
  return { slug: "quota-reached", detail: `A tenant may have ${ROOM_LIMITS.rooms} rooms. Delete one that nobody uses any more.` };
}

/** A creation is committed; what is missing here is done by the event and the sweep. */
async function settled({ env, principal: { tenantId } }: D1Call, room: string): Promise<void> {
  try {
    for (let asked = 0; asked < SETTLE.asked; asked++) {
      if (asked > 0) await scheduler.wait(SETTLE.pauseMs);
      if ((await finishRoom(env, tenantId, room))?.state !== "creating") return;
    }
  } catch (error) {
    console.error(JSON.stringify({ level: "warn", event: "room-later", tenant: tenantId, error: String(error) }));
  }
}

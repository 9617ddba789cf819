import { checkGrants, grantKindOf, isListed } from "../../contract/grants.ts";
import { BOARD_ACTIONS } from "../../contract/leaderboard-live.ts";
import { isPlayerId } from "../../contract/leaderboard-limits.ts";
import type { Action } from "../../contract/permissions.ts";
import { may, type SubjectPrincipal } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { accessOf } from "../http/access-cache.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { boardOf } from "../http/objects.ts";
import type { RouteSpec } from "../http/route.ts";
import { boardParams } from "./leaderboards-calls.ts";
import { NO_BOARD } from "./leaderboards-change.ts";
import { findBoard } from "./leaderboards-store.ts";
import { enterHolder, noteHolder } from "../http/live-holders.ts";
import { hand, openSocket, socketRoute } from "./open-socket.ts";
import {
  admissionOf,
  type Entry,
  entryOfClaims,
  type EntryScene,
  type LivePrincipal,
  type MadeTicket,
  readClaims,
  signTicket,
  type SocketPlace,
} from "./ticket.ts";

const socket = {
  ...socketRoute,
  path: "/v1/leaderboards/{board}/socket",
  summary: "Open a leaderboard's live socket",
  description:
    "WebSocket, opened as `/v1/connect`; a ticket has to name the board (`POST /v1/connect/tickets?board=`). Channels are top, rank, feed, window, correction and stats. Full boards answer 503 socket-limit: read the lists instead.",
  params: boardParams,
  problems: ["upgrade-required", "origin-not-allowed", "invalid-id", "not-found", "socket-limit"],
} as const satisfies RouteSpec;

export function registerBoardSocketRoutes(app: App): void {
  route(app, socket, async (call) => await openSocket(call, boardPlace(call.params.board)));
}

/** The sockets of one board. */
export function boardPlace(board: string): SocketPlace<Entry> {
  return {
    entryOf: async (principal, scene, now) => await boardEntryOf(principal, board, scene, now),
    ofTicket: async (env, ticket, now) => {
      const claims = await readClaims(env, ticket, now);
      return claims?.board === board ? entryOfClaims(claims) : undefined;
    },
    enter: async (scene, { tenantId, admission }, protocol, now) => {
      const object = boardOf({ env: scene.env, principal: { tenantId } }, board);
      const address = { tenantId, kind: "leaderboard", name: board } as const;
      return await enterHolder(scene, address, admission, now, async () => await hand(object, admission, protocol));
    },
  };
}

/** A ticket for this board's socket. */
export async function makeBoardTicket(
  principal: LivePrincipal,
  board: string,
  scene: EntryScene,
  now: number,
): Promise<Outcome<MadeTicket>> {
  const entry = await boardEntryOf(principal, board, scene, now);
  if (!entry.ok) return entry;
  const { tenantId, admission } = entry.value;
  if (!(await findBoard(scene.env.DB, tenantId, board))) return { ok: false, problem: NO_BOARD };
  // Before the ticket is out: a revocation from now on is told to the board, which refuses what was made before.
  const noted = await noteHolder(scene, { tenantId, kind: "leaderboard", name: board }, admission, now);
  return noted.ok ? accept(await signTicket(scene.env, entry.value, { hub: 0, board }, now)) : noted;
}

async function boardEntryOf(principal: LivePrincipal, board: string, scene: EntryScene, now: number): Promise<Outcome<Entry>> {
  const actions = await actionsOn(principal, board, scene, now);
  if (actions.length === 0) return refuse("forbidden", "This credential may follow nothing of this board.");
  const admission = await admissionOf(principal, actions, scene, now);
  const player = principal.kind === "subject" && isPlayerId(principal.sub) ? { player: principal.sub } : {};
  return accept({ tenantId: principal.tenantId, admission: { ...admission, ...player } });
}

/** What of a board's channels this principal may follow. */
async function actionsOn(principal: LivePrincipal, board: string, scene: EntryScene, now: number): Promise<readonly Action[]> {
  if (principal.kind !== "subject") return BOARD_ACTIONS.filter((action) => may(principal, action));
  const granted = BOARD_ACTIONS.filter((action) => checkGrants(principal.grants, action, board).allowed);
  return granted.length > 0 ? granted : await publicActions(principal, board, scene, now);
}

/** What is marked public everybody who is known may follow. */
async function publicActions(
  { tenantId }: SubjectPrincipal,
  board: string,
  { env, ctx }: EntryScene,
  now: number,
): Promise<readonly Action[]> {
  const read: Action = "leaderboards:read";
  const access = await accessOf(env, ctx, tenantId, now);
  return isListed(access?.publicThings ?? [], grantKindOf(read) ?? "", board) ? [read] : [];
}

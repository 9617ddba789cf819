import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import type { BoardApplied, BoardDocument, BoardMode, ModeView } from "../../contract/leaderboards.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import type { D1Call } from "../db/d1-change.ts";
import { type DocumentStep, makeSteps, single, within } from "./document-steps.ts";
import { changeBoard, configOf, createBoard, deleteBoard, isSame, noMode, type Wanted } from "./leaderboards-change.ts";
import { checkMode, removeMode, writeMode } from "./leaderboards-modes.ts";
import { modesOf } from "./leaderboards-modes-store.ts";
import { type BoardRow, listBoards } from "./leaderboards-store.ts";

type Change = BoardApplied["changes"][number];
type Step = DocumentStep<Change>;

/** What the tenant has. */
interface Standing {
  readonly modes: ReadonlyMap<string, ModeView>;
  readonly boards: ReadonlyMap<string, BoardRow>;
}

async function standing({ env, principal: { tenantId } }: D1Call): Promise<Standing> {
  const rows = await listBoards(env.DB, tenantId, "", LEADERBOARD_LIMITS.boards);
  const there = rows.filter(({ state }) => state !== "deleting");
  return { modes: await modesOf(env.DB, tenantId), boards: new Map(there.map((row) => [row.board, row])) };
}

/** All boards and modes as one document: applied as it is, it changes nothing. */
export async function observeDocument(call: D1Call): Promise<BoardDocument> {
  const { modes, boards } = await standing(call);
  return {
    modes: Object.fromEntries([...modes.values()].map(({ mode, defaults }) => [mode, defaults])),
    boards: Object.fromEntries(
      [...boards.values()].map(({ board, mode, config }) => [board, mode === null ? config : { mode, ...config }]),
    ),
  };
}

/** Makes boards and modes as the document says. The whole is checked before the first change is made. */
export async function applyDocument(call: D1Call, document: BoardDocument, prune: boolean): Promise<Outcome<BoardApplied>> {
  const there = await standing(call);
  const steps: Step[] = [];
  for (const [mode, defaults] of Object.entries(document.modes)) {
    const checked = checkMode(mode, defaults);
    if (!checked.ok) return within(checked.problem, `/document/modes/${mode}`);
    steps.push(modeStep(call, there, mode, defaults));
  }
  for (const [board, { mode, ...given }] of Object.entries(document.boards)) {
    // Its own names alone: every object has a `constructor`.
    const brought = mode !== undefined && Object.hasOwn(document.modes, mode) ? document.modes[mode] : undefined;
    const defaults = mode === undefined ? undefined : (brought ?? there.modes.get(mode)?.defaults);
    if (mode !== undefined && !defaults) return noMode(`/document/boards/${board}/mode`);
    const config = configOf(board, defaults, given);
    if (!config.ok) return within(config.problem, `/document/boards/${board}`);
    steps.push(boardStep(call, there, board, { config: config.value, mode: mode ?? null }));
  }
  if (prune) {
    for (const board of there.boards.keys()) if (!Object.hasOwn(document.boards, board)) steps.push(boardGone(call, board));
    for (const mode of there.modes.keys()) if (!Object.hasOwn(document.modes, mode)) steps.push(modeGone(call, mode));
  }
  return await make(steps);
}

/** Removes what the document names, as far as it is there. */
export async function removeDocument(call: D1Call, document: BoardDocument): Promise<Outcome<BoardApplied>> {
  const there = await standing(call);
  return await make([
    ...Object.keys(document.boards).flatMap((board) => (there.boards.has(board) ? [boardGone(call, board)] : [])),
    ...Object.keys(document.modes).flatMap((mode) => (there.modes.has(mode) ? [modeGone(call, mode)] : [])),
  ]);
}

function modeStep(call: D1Call, { modes }: Standing, mode: string, defaults: BoardMode): Step {
  const before = modes.get(mode);
  if (before && sameJson(before.defaults, defaults)) return { what: "mode", name: mode, change: "same" };
  const change = before ? "changed" : "created";
  return { what: "mode", name: mode, change, make: async () => await writeMode(single(call), mode, defaults) };
}

function boardStep(call: D1Call, { boards }: Standing, board: string, wanted: Wanted): Step {
  const before = boards.get(board);
  if (!before) {
    // The mode is in the configuration already; only its name is kept, and the document may bring it along.
    const create = { board, ...wanted.config, ...(wanted.mode !== null && { mode: wanted.mode }) };
    return { what: "board", name: board, change: "created", make: async () => await createBoard(single(call), create) };
  }
  if (isSame(before, wanted) && before.pending === null) return { what: "board", name: board, change: "same" };
  const make = async () => await changeBoard(single(call), board, undefined, () => accept(wanted));
  return { what: "board", name: board, change: "changed", make };
}

function boardGone(call: D1Call, board: string): Step {
  return { what: "board", name: board, change: "removed", make: async () => await deleteBoard(single(call), board) };
}

function modeGone(call: D1Call, mode: string): Step {
  return { what: "mode", name: mode, change: "removed", make: async () => await removeMode(single(call), mode) };
}

/** See `makeSteps`. */
async function make(steps: readonly Step[]): Promise<Outcome<BoardApplied>> {
  return await makeSteps<Change>(steps, LEADERBOARD_LIMITS.applied);
}

function sameJson(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

/** JSON with keys in order: what came over the wire has the sender's. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

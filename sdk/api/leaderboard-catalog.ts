import type { z } from "zod";
import type {
  BoardApplied,
  BoardDocument,
  boardCreateSchema,
  boardDocumentSchema,
  boardModeSchema,
  boardPatchSchema,
  BoardView,
  ModeView,
} from "../../contract/leaderboards.ts";
import type { Page } from "../../contract/pages.ts";
import { listing, type PageQuery } from "../pages.ts";
import type { Call, CallOptions } from "../transport.ts";

export type BoardInput = z.input<typeof boardCreateSchema>;
export type BoardChange = z.input<typeof boardPatchSchema>;
export type ModeInput = z.input<typeof boardModeSchema>;
export type DocumentInput = z.input<typeof boardDocumentSchema>;

/** Boards, modes, and both as one declarative document. */
export function boardCatalogApi(call: Call) {
  const at = (board: string) => `/v1/leaderboards/${encodeURIComponent(board)}`;
  const mode = (name: string) => `/v1/leaderboard-modes/${encodeURIComponent(name)}`;
  const documents = "/v1/leaderboard-document";
  return {
    list: (page?: PageQuery, options?: CallOptions): Promise<Page<BoardView>> =>
      listing<BoardView>(call, "/v1/leaderboards", page, options),
    create: (board: BoardInput, options?: CallOptions) => call<BoardView>("POST", "/v1/leaderboards", { body: board, options }),
    get: (board: string, options?: CallOptions) => call<BoardView>("GET", at(board), { options }),
    /** What is left out stays. @param version of the view that the change is made to; when somebody else was first, it is `precondition-failed` */
    change: (board: string, change: BoardChange, version?: number, options?: CallOptions) =>
      call<BoardView>("PATCH", at(board), {
        body: change,
        ...(version === undefined ? {} : { headers: { "if-match": `"v${version}"` } }),
        options,
      }),
    /** With all its scores and archives, for good. */
    remove: (board: string, options?: CallOptions) => call<undefined>("DELETE", at(board), { options }),
    modes: {
      list: (options?: CallOptions) => call<Page<ModeView>>("GET", "/v1/leaderboard-modes", { options }),
      get: (name: string, options?: CallOptions) => call<ModeView>("GET", mode(name), { options }),
      put: (name: string, defaults: ModeInput, options?: CallOptions) => call<ModeView>("PUT", mode(name), { body: defaults, options }),
      remove: (name: string, options?: CallOptions) => call<undefined>("DELETE", mode(name), { options }),
    },
    document: {
      observe: (options?: CallOptions) => call<BoardDocument>("GET", documents, { options }),
      /** Send the same again until `left` is 0. @param prune removes what the document does not name */
      apply: (document: DocumentInput, prune = false, options?: CallOptions) =>
        call<BoardApplied>("POST", `${documents}/apply`, { body: { document, prune }, repeat: "safe", options }),
      remove: (document: DocumentInput, options?: CallOptions) =>
        call<BoardApplied>("POST", `${documents}/remove`, { body: { document }, repeat: "safe", options }),
    },
  };
}

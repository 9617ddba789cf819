import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Pencil, Trash2 } from "lucide";
import type { BoardView } from "../../../contract/leaderboards.ts";
import type { Action } from "../../../contract/permissions.ts";
import { plural } from "../../lib/format.ts";
import { go, place, setQuery } from "../../lib/location.ts";
import { useResource } from "../../lib/resource.ts";
import { readChoice, readQuery } from "../../lib/url-state.ts";
import { Button, LinkButton } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { EmptyState, ForbiddenState, Skeleton } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { type PageProps, seenBy } from "../pages.ts";
import { can, me, rolesWith } from "../session.ts";
import { boardAddress, boardHead, type BoardKnown, BOARDS } from "./board-words.ts";
import { ConfigDrawer } from "./config-drawer.tsx";
import { LiveTab } from "./live-tab.tsx";
import { PlayerDrawer } from "./player-drawer.tsx";
import { RankingTab } from "./ranking-tab.tsx";
import { ReviewTab } from "./review-tab.tsx";
import { StaleNotice } from "./stale-notice.tsx";
import { readOne } from "./use-boards-known.ts";
import { WindowsTab } from "./windows-tab.tsx";
import "./leaderboards.css";
import "./reviews.css";

const TABS = [
  { id: "ranking", title: "Ranking", what: "rankings", action: "leaderboards:read" },
  { id: "live", title: "Live", what: "the live figures of a board", action: "leaderboards:manage" },
  { id: "review", title: "Review", what: "the review of suspicious players", action: "leaderboards:review" },
  { id: "windows", title: "Windows and archives", what: "windows", action: "leaderboards:read" },
] as const satisfies readonly { id: string; title: string; what: string; action: Action }[];
const TAB_IDS = TABS.map(({ id }) => id);

/** A leaderboard's page: what it ranks, what happens on it, who is suspected, and what became of past windows. */
export default function BoardPage({ params }: PageProps) {
  const board = params["board"] ?? "";
  return <Board key={board} board={board} />;
}

function Board({ board }: { board: string }) {
  const view = useResource(`board:${board}`, (signal) => api.leaderboards.get(board, { signal }), 30_000);
  // Asked once the board is known to be there.
  const there = view.data.value !== undefined;
  const known = useResource(`board-known:${board}:${there}`, async (signal) => (there ? await readOne(board, signal) : undefined), 10_000);
  const deleting = useSignal(false);
  const { search } = place.value;
  const tab = readChoice(search, "tab", TAB_IDS, "ranking");
  const of = view.data.value;
  const failure = view.error.value;
  const manages = can("leaderboards:manage");
  if (!of) {
    if (!failure) return <Skeleton rows={6} />;
    if (failure.status === 404)
      return (
        <EmptyState title={`No board called ${board}`} action={<LinkButton href={BOARDS}>Show all boards</LinkButton>}>
          It may have been deleted, or the address is mistyped.
        </EmptyState>
      );
    return <PageError failure={failureOf(failure, "The board could not be read")} onRetry={view.reload} />;
  }
  const figures: BoardKnown = known.data.value ?? { players: null, figures: null };
  const player = readQuery(search, "player");
  return (
    <>
      <PageHead
        {...boardHead(of, figures)}
        actions={
          <>
            <Button icon={Pencil} onClick={() => setQuery({ edit: "config" }, {})}>
              {manages ? "Edit" : "Definition"}
            </Button>
            {manages && <Button kind="quiet" icon={Trash2} label="Delete the board" onClick={() => (deleting.value = true)} />}
          </>
        }
      />
      <Tabs board={board} current={tab} />
      <div class="stack">
        {failure && <StaleNotice what="The board" failure={failure} at={view.at.value} />}
        <Tab of={of} tab={tab} />
      </div>
      {readQuery(search, "edit") === "config" && (
        <ConfigDrawer
          of={of}
          scored={figures.players === null ? undefined : figures.players > 0}
          onSaved={view.reload}
          onClose={() => setQuery({ edit: null }, {})}
        />
      )}
      {player !== "" && <PlayerDrawer key={player} board={of} player={player} onClose={() => setQuery({ player: null }, {})} />}
      {deleting.value && <DeleteBoard of={of} players={figures.players} onClose={() => (deleting.value = false)} />}
    </>
  );
}

/** The views of a board, each at its own address. */
function Tabs({ board, current }: { board: string; current: string }) {
  return (
    <nav class="lb-tabs" aria-label="Views of the board">
      {TABS.filter(({ action }) => can(action)).map(({ id, title }) => (
        <a key={id} href={boardAddress(board, id === "ranking" ? {} : { tab: id })} aria-current={id === current ? "page" : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}

function Tab({ of, tab }: { of: BoardView; tab: (typeof TAB_IDS)[number] }): ComponentChildren {
  const spec = TABS.find(({ id }) => id === tab);
  if (spec && !can(spec.action))
    return <ForbiddenState title={`Your role (${me.value?.role}) does not include ${spec.what}`} seenBy={seenBy(rolesWith(spec.action))} />;
  switch (tab) {
    case "ranking":
      return <RankingTab of={of} />;
    case "live":
      return <LiveTab board={of.board} />;
    case "review":
      return <ReviewTab board={of.board} />;
    case "windows":
      return <WindowsTab of={of} />;
  }
}

function DeleteBoard({ of, players, onClose }: { of: BoardView; players: number | null; onClose: () => void }) {
  return (
    <Confirm
      title={`Delete the board “${of.config.title}”`}
      typed={of.board}
      verb="Delete the board"
      onClose={onClose}
      act={async () => {
        await api.leaderboards.remove(of.board);
        toast(`The board “${of.config.title}” is deleted.`);
        go(BOARDS);
      }}
    >
      <p>
        {players === null ? "All its players" : plural(players, "player")}, their scores and ranks in every window, open cases, rewards and
        archives go with it. This cannot be undone.
      </p>
    </Confirm>
  );
}

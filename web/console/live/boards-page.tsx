import { FileJson, Plus } from "lucide";
import type { BoardView } from "../../../contract/leaderboards.ts";
import { collect } from "../../lib/collect.ts";
import { formatValue, NOTHING, plural } from "../../lib/format.ts";
import { go, place, setQuery } from "../../lib/location.ts";
import { useResource } from "../../lib/resource.ts";
import { readQuery } from "../../lib/url-state.ts";
import { LinkButton } from "../../ui/button.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { EmptyState } from "../../ui/states.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { Listing } from "../listing.tsx";
import { can } from "../session.ts";
import { BOARD_TONES, boardAddress, BOARDS, boardsHead, type BoardKnown, stateWords } from "./board-words.ts";
import { CreateBoard } from "./create-board.tsx";
import { DocumentDrawer } from "./document-drawer.tsx";
import { FIGURES_OF, useBoardsKnown } from "./use-boards-known.ts";
import "./leaderboards.css";

function columns(known: ReadonlyMap<string, BoardKnown>): readonly [Column<BoardView>, ...Column<BoardView>[]] {
  const players = ({ board }: BoardView) => known.get(board)?.players ?? null;
  const figures = ({ board }: BoardView) => known.get(board)?.figures;
  return [
    { key: "board", title: "Board", value: ({ board }) => board },
    { key: "title", title: "Title", wide: true, value: ({ config }) => config.title },
    {
      key: "state",
      title: "State",
      value: ({ state }) => stateWords(state),
      cell: ({ state }) => <StateBadge tone={BOARD_TONES[state]} word={stateWords(state)} />,
    },
    { key: "mode", title: "Mode", wide: true, value: ({ mode }) => mode },
    { key: "players", title: "Players", number: true, value: players, cell: (row) => players(row)?.toLocaleString("en") ?? NOTHING },
    {
      key: "pace",
      title: "Scores",
      number: true,
      wide: true,
      value: (row) => figures(row)?.scoresPerSecond ?? null,
      cell: (row) => formatValue(figures(row)?.scoresPerSecond, "perSecond"),
    },
    {
      key: "reviews",
      title: "To review",
      number: true,
      value: (row) => figures(row)?.openReviews ?? null,
      cell: (row) => <OpenCases board={row.board} count={figures(row)?.openReviews} />,
    },
    {
      key: "changed",
      title: "Changed",
      number: true,
      wide: true,
      value: ({ updatedAt }) => updatedAt,
      cell: ({ updatedAt }) => <When at={updatedAt} />,
    },
  ];
}

function OpenCases({ board, count }: { board: string; count: number | undefined }) {
  if (count === undefined || count === 0) return <>{count ?? NOTHING}</>;
  if (!can("leaderboards:review")) return <>{count.toLocaleString("en")}</>;
  return (
    <a class="link" href={boardAddress(board, { tab: "review" })} aria-label={`Review ${plural(count, "case")} of ${board}`}>
      {count.toLocaleString("en")}
    </a>
  );
}

/** Every leaderboard of the tenant: whether it stands, how many climb it, and what waits for somebody's judgement. */
export default function BoardsPage() {
  const boards = useResource("leaderboards", (signal) => collect((page) => api.leaderboards.list(page, { signal })), 15_000);
  const known = useBoardsKnown(boards.data.value);
  const rows = boards.data.value;
  const { search } = place.value;
  const add = readQuery(search, "add");
  const query = readQuery(search, "q").toLowerCase();
  const manages = can("leaderboards:manage");
  const close = () => setQuery({ add: null }, {});
  const create = manages && (
    <LinkButton href={`${BOARDS}?add=board`} kind="primary" icon={Plus}>
      Create a board
    </LinkButton>
  );
  return (
    <>
      {rows && rows.length > 0 && (
        <PageHead
          {...boardsHead(rows, known)}
          actions={
            <>
              <LinkButton href={`${BOARDS}?add=document`} icon={FileJson}>
                As a document
              </LinkButton>
              {create}
            </>
          }
        />
      )}
      <Listing
        of={boards}
        what="leaderboards"
        empty={
          <EmptyState title="No leaderboard yet" action={create}>
            A board keeps the exact rank of everybody who has a score on it, by day, week, month and season, and says who cheats.
          </EmptyState>
        }
      >
        {(all) => {
          const shown = all.filter(({ board, config }) => `${board} ${config.title}`.toLowerCase().includes(query));
          return (
            <Table
              name="leaderboards"
              label="Leaderboards"
              columns={columns(known)}
              rows={shown}
              id={({ board }) => board}
              href={({ board }) => boardAddress(board)}
              open={({ board }) => go(boardAddress(board))}
              bar={
                <>
                  <input
                    type="search"
                    class="lb-find"
                    aria-label="Board, by name"
                    placeholder="Board ( / )"
                    value={readQuery(search, "q")}
                    onInput={(event) => setQuery({ q: event.currentTarget.value })}
                  />
                  <span class="muted">
                    {plural(shown.length, "board")}
                    {all.length > FIGURES_OF && `; figures of the first ${FIGURES_OF}, the others' are on their pages`}
                  </span>
                </>
              }
            />
          );
        }}
      </Listing>
      {add === "board" && manages && <CreateBoard onClose={close} />}
      {add === "document" && <DocumentDrawer onApplied={boards.reload} onClose={close} />}
    </>
  );
}

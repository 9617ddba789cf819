import type { WindowView } from "../../../contract/leaderboard-reads.ts";
import type { BoardView } from "../../../contract/leaderboards.ts";
import { plural } from "../../lib/format.ts";
import { place, setQuery } from "../../lib/location.ts";
import { useResource } from "../../lib/resource.ts";
import { readQuery, withQuery } from "../../lib/url-state.ts";
import { EmptyState } from "../../ui/states.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { Listing } from "../listing.tsx";
import { boardAddress, WINDOW_TONES, windowWords } from "./board-words.ts";
import { WindowDrawer } from "./window-drawer.tsx";

const COLUMNS: readonly [Column<WindowView>, ...Column<WindowView>[]] = [
  { key: "window", title: "Window", value: ({ window }) => window },
  {
    key: "state",
    title: "State",
    value: ({ state }) => state,
    cell: ({ state }) => <StateBadge tone={WINDOW_TONES[state]} word={state} />,
  },
  { key: "total", title: "Players", number: true, value: ({ total }) => total, cell: ({ total }) => total.toLocaleString("en") },
  {
    key: "parts",
    title: "Of them",
    wide: true,
    value: ({ partitions }) => partitions.map(({ partition, total }) => `${partition} ${total.toLocaleString("en")}`).join(", "),
  },
  {
    key: "opens",
    title: "Opened",
    number: true,
    wide: true,
    value: ({ opensAt }) => opensAt,
    cell: ({ opensAt }) => <When at={opensAt} never="with the board" />,
  },
  {
    key: "closes",
    title: "Closes",
    number: true,
    value: ({ closesAt }) => closesAt,
    cell: ({ closesAt }) => <When at={closesAt} never="never" />,
  },
  {
    key: "ranks",
    title: "Ranks",
    wide: true,
    value: ({ rankable }) => (rankable ? "can be asked for" : "archived only"),
  },
];

/** What a board ranks in, and what became of windows that have closed: frozen, rewarded, archived. */
export function WindowsTab({ of: { board } }: { of: BoardView }) {
  const windows = useResource(`windows-tab:${board}`, async (signal) => (await api.leaderboards.windows(board, { signal })).items, 15_000);
  const { search } = place.value;
  const open = readQuery(search, "of");
  const opened = windows.data.value?.find(({ window }) => window === open);
  return (
    <>
      <Listing
        of={windows}
        what="windows"
        empty={
          <EmptyState title="No window is open yet">
            The first score opens the windows of its time: its day, week, month and season.
          </EmptyState>
        }
      >
        {(rows) => {
          const closed = rows.filter(({ state }) => state !== "open").length;
          return (
            <Table
              name="windows"
              label="Windows"
              columns={COLUMNS}
              rows={rows}
              id={({ window }) => window}
              href={({ window }) => place.value.path + withQuery(search, { of: window })}
              open={({ window }) => setQuery({ of: window }, {})}
              current={open}
              bar={
                <span class="muted">
                  {plural(rows.length - closed, "open window")}, {closed.toLocaleString("en")} closed
                </span>
              }
            />
          );
        }}
      </Listing>
      {open !== "" && windows.data.value && (
        <WindowDrawer
          key={open}
          board={board}
          window={open}
          of={opened}
          ranking={boardAddress(board, { window: open })}
          title={windowWords(open)}
          onClose={() => setQuery({ of: null }, {})}
        />
      )}
    </>
  );
}

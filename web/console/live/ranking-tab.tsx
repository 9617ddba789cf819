import { ChevronLeft, ChevronRight } from "lucide";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Entry } from "../../../contract/leaderboard-reads.ts";
import type { BoardView } from "../../../contract/leaderboards.ts";
import { plural } from "../../lib/format.ts";
import { place, setQuery } from "../../lib/location.ts";
import { useResource } from "../../lib/resource.ts";
import { readQuery, withQuery } from "../../lib/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { EmptyState, Skeleton } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { nameOf, scoreWords, windowChoices, windowWords } from "./board-words.ts";
import { StaleNotice } from "./stale-notice.tsx";

const PAGE = 100;
const EVERY_MS = 5_000;
/** Typing faster than this asks once. */
const PAUSE_MS = 200;

function columns(subscores: boolean): readonly [Column<Entry>, ...Column<Entry>[]] {
  return [
    { key: "name", title: "Player", value: nameOf },
    { key: "rank", title: "Rank", number: true, value: ({ rank }) => rank, cell: ({ rank }) => rank.toLocaleString("en") },
    { key: "score", title: "Score", number: true, value: ({ score }) => score, cell: ({ score }) => scoreWords(score) },
    ...(subscores
      ? [
          {
            key: "subscore",
            title: "Second",
            number: true,
            wide: true,
            value: ({ subscore }: Entry) => subscore,
          },
        ]
      : []),
    { key: "at", title: "Since", number: true, value: ({ at }) => at, cell: ({ at }) => <When at={at} /> },
    { key: "player", title: "Id", wide: true, value: ({ player }) => player, cell: ({ player }) => <code>{player}</code> },
  ];
}

/** What of a board is looked at, as the address says. */
export function readSet(search: string): { window: string; partition?: string } {
  const partition = readQuery(search, "part");
  return { window: readQuery(search, "window", "all"), ...(partition !== "" && { partition }) };
}

/** Any ranking of the board, from any rank, or those whose name begins so. */
export function RankingTab({ of }: { of: BoardView }) {
  const { board, config } = of;
  const { search } = place.value;
  const set = readSet(search);
  const q = readQuery(search, "q");
  const from = Math.max(1, Math.floor(Number(readQuery(search, "rank", "1"))) || 1);
  const key = [board, set.window, set.partition, q, from].join("\n");
  const ranking = useResource(
    key,
    async (signal) =>
      q === ""
        ? await api.leaderboards.entries(board, { ...set, rank: from, limit: PAGE }, { signal })
        : await api.leaderboards.search(board, { ...set, q, limit: 50 }, { signal }),
    EVERY_MS,
  );
  const found = ranking.data.value;
  const failure = ranking.error.value;
  const where = `${windowWords(set.window)}${set.partition ? `, ${set.partition}` : ""}`;
  return (
    <>
      <Filters of={of} q={q} />
      {!found && failure && <PageError failure={failureOf(failure, `The ranking ${where} could not be read`)} onRetry={ranking.reload} />}
      {!found && !failure && <Skeleton rows={10} />}
      {found && (
        <div class={`stack${failure ? " stale" : ""}`}>
          {failure && <StaleNotice what="The ranking" failure={failure} at={ranking.at.value} />}
          {found.items.length === 0 ? (
            <Nobody q={q} total={found.total} where={where} />
          ) : (
            <Table
              name="ranking"
              label={`Ranking: ${where}`}
              columns={columns(config.subscore !== null)}
              rows={found.items}
              id={({ player }) => player}
              href={({ player }) => place.value.path + withQuery(search, { player })}
              open={({ player }) => setQuery({ player }, {})}
              current={readQuery(search, "player")}
              bar={
                <span class="muted">
                  {q === "" ? pageWords(from, found.items.length, found.total) : `${plural(found.items.length, "player")} found`}
                </span>
              }
            />
          )}
          {q === "" && <Pager from={from} total={found.total} />}
        </div>
      )}
    </>
  );
}

function pageWords(from: number, count: number, total: number): string {
  const last = from + count - 1;
  return `ranks ${from.toLocaleString("en")} to ${last.toLocaleString("en")} of ${total.toLocaleString("en")}`;
}

function Nobody({ q, total, where }: { q: string; total: number; where: string }) {
  if (q !== "")
    return (
      <EmptyState title={`Nobody’s name begins with “${q}”`}>
        Names are searched from their beginning, among who has a rank in “{where}”.
      </EmptyState>
    );
  if (total > 0)
    return (
      <EmptyState title="There is no such rank" action={<Button onClick={() => setQuery({ rank: null })}>Show the first</Button>}>
        The last of {plural(total, "player")} in “{where}” comes before it.
      </EmptyState>
    );
  return <EmptyState title="Nobody has a rank here yet">The first score opens the ranking “{where}”.</EmptyState>;
}

function Pager({ from, total }: { from: number; total: number }) {
  const move = (rank: number) => setQuery({ rank: rank <= 1 ? null : String(rank) }, {});
  if (total <= PAGE && from === 1) return null;
  return (
    <div class="actions lb-pager">
      <Button icon={ChevronLeft} disabled={from === 1} onClick={() => move(Math.max(1, from - PAGE))}>
        Better {PAGE}
      </Button>
      <Button icon={ChevronRight} disabled={from + PAGE > total} onClick={() => move(from + PAGE)}>
        Next {PAGE}
      </Button>
      <Button kind="quiet" disabled={from + PAGE > total} onClick={() => move(Math.max(1, total - PAGE + 1))}>
        The last
      </Button>
    </div>
  );
}

function Filters({ of: { board, config }, q }: { of: BoardView; q: string }) {
  const { search } = place.value;
  const windows = useResource(`windows:${board}`, async (signal) => (await api.leaderboards.windows(board, { signal })).items, 60_000);
  const { now, past } = windowChoices(windows.data.value ?? []);
  const { window, partition } = readSet(search);
  const offered = [...now, ...past].some(({ value }) => value === window);
  const typed = useSignal(q);
  const rank = useSignal("");
  useEffect(() => {
    if (typed.value === q) return;
    const timer = setTimeout(() => setQuery({ q: typed.value, rank: null }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed.value]);
  const jump = (event: Event) => {
    event.preventDefault();
    typed.value = "";
    setQuery({ rank: rank.value, q: null }, {});
  };
  return (
    <div class="filters" role="search">
      <select
        aria-label="Window"
        value={window}
        onChange={({ currentTarget }) => setQuery({ window: currentTarget.value === "all" ? null : currentTarget.value, rank: null }, {})}
      >
        {!offered && <option value={window}>{windowWords(window)}</option>}
        {now.map(({ value, words }) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
        {past.length > 0 && (
          <optgroup label="Closed">
            {past.map(({ value, words }) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </optgroup>
        )}
      </select>
      {config.partitions.length > 0 && (
        <select
          aria-label="Partition"
          value={partition ?? ""}
          onChange={({ currentTarget }) => setQuery({ part: currentTarget.value, rank: null }, {})}
        >
          <option value="">everybody</option>
          {config.partitions.map(({ key, values }) => (
            <optgroup key={key} label={key}>
              {values.map((value) => (
                <option key={value} value={value}>
                  {value}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      )}
      <input
        type="search"
        aria-label="Player, by the beginning of the name"
        placeholder="Name begins with ( / )"
        maxLength={64}
        value={typed.value}
        onInput={(event) => (typed.value = event.currentTarget.value)}
      />
      <form class="lb-jump" onSubmit={jump}>
        <input
          type="number"
          min={1}
          aria-label="Rank to jump to"
          placeholder="Rank"
          value={rank.value}
          onInput={(event) => (rank.value = event.currentTarget.value)}
        />
        <Button type="submit">Jump</Button>
      </form>
    </div>
  );
}

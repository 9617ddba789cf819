import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { WINDOW_KINDS, type WindowKind } from "../../../contract/leaderboard-limits.ts";
import type { Entry, Submission } from "../../../contract/leaderboard-reads.ts";
import { atMostEvery } from "../../lib/at-most-every.ts";
import { place, setQuery } from "../../lib/location.ts";
import { useResource } from "../../lib/resource.ts";
import { readChoice, readQuery } from "../../lib/url-state.ts";
import { EmptyState, ErrorState, Notice, Skeleton } from "../../ui/states.tsx";
import { UserSignIn } from "../../user/sign-in.tsx";
import type { UserState } from "../../user/user-state.ts";
import type { UserBoards } from "../../../sdk/user.ts";
import { BOARD_IDS, BOARDS, type RankingOf, setOf, WINDOW_TITLES } from "./boards.ts";
import { Feed } from "./feed.tsx";
import { Filters } from "./filters.tsx";
import { friends } from "./friends.ts";
import { Game } from "./game.tsx";
import { OwnRank } from "./own-rank.tsx";
import { Profile } from "./profile.tsx";
import { RankingList, ShortList } from "./ranking-list.tsx";
import { followBoard, type Following } from "./follow-board.ts";
import { type RankingState, useRanking } from "./use-ranking.ts";

/** The arcade: boards to climb, a game to climb one with, and everybody else moving. */
export function ArcadePage({ state, slug }: { state: UserState; slug: string }) {
  const { search } = place.value;
  const board = readChoice(search, "board", BOARD_IDS, "arcade");
  const window = readChoice(search, "window", WINDOW_KINDS, "all");
  const partition = readQuery(search, "region") || undefined;
  const api = state.user.leaderboards;
  const player = state.subject.value?.sub;
  // Who is here decides what may be read: somebody else asks anew.
  const about = useResource(`${board}\n${player ?? ""}`, async (signal) => await api.get(board, { signal }));
  const known = about.data.value;
  const of: RankingOf = { board, window, partition };
  return (
    <div class="arcade">
      <header class="arcade-head">
        <h1>
          Arcade <span class="muted">{slug}</span>
        </h1>
        <Tabs
          label="Board"
          items={BOARDS.map(({ id, title }) => ({ id, title }))}
          current={board}
          choose={(id) => setQuery({ board: id, region: null, q: null })}
        />
      </header>
      {state.subject.value === undefined ? (
        <Skeleton rows={6} />
      ) : about.error.value && !known ? (
        <NotToRead error={about.error.value} reload={about.reload} state={state} />
      ) : (
        <Board
          key={`${board}\n${player ?? ""}`}
          api={api}
          of={of}
          state={state}
          config={known?.config}
          windows={known?.config.windows ?? WINDOW_KINDS}
        />
      )}
    </div>
  );
}

/** The feed is read anew at most this often. */
const FEED_MS = 2_000;

type Config = Awaited<ReturnType<UserBoards["get"]>>["config"];

interface BoardProps {
  readonly api: UserBoards;
  readonly of: RankingOf;
  readonly state: UserState;
  readonly config: Config | undefined;
  readonly windows: readonly WindowKind[];
}

function Board({ api, of, state, config, windows }: BoardProps) {
  const { search } = place.value;
  const player = state.subject.value?.sub;
  const ranking = useRanking(api, of, player);
  const feed = useSignal<readonly Submission[]>([]);
  const following = useSignal<Following>("polling");
  const open = readQuery(search, "player") || undefined;
  useEffect(() => {
    const readFeed = atMostEvery(FEED_MS, () => {
      void api.feed(of.board).then(
        ({ items }) => (feed.value = items),
        () => undefined, // the feed is extra: the list says when the board cannot be read
      );
    });
    readFeed();
    return followBoard(state.user, of, {
      moved: () => {
        ranking.moved();
        readFeed();
      },
      placed: ranking.placed,
      following: (how) => (following.value = how),
    });
  }, [ranking]);
  const show = (id: string) => setQuery({ player: id });
  const standing = ranking.own.value;
  return (
    <div class="arcade-body">
      <main class="arcade-main">
        <Tabs
          label="Window"
          items={windows.map((id) => ({ id, title: WINDOW_TITLES[id] }))}
          current={of.window}
          choose={(id) => setQuery({ window: id === "all" ? null : id })}
        />
        <Filters partitions={config?.partitions ?? []} region={of.partition} following={following.value} />
        <Ranks api={api} of={of} ranking={ranking} own={player} open={show} />
        {config && player !== undefined && standing && <OwnRank api={api} of={of} config={config} standing={standing} />}
      </main>
      <aside class="arcade-aside">
        {of.board === "arcade" && <Game api={api} board="arcade" signedIn={player !== undefined} onScored={ranking.moved} />}
        <Feed items={feed.value} open={show} />
        <UserSignIn state={state} />
      </aside>
      {open !== undefined && <Profile api={api} board={of.board} player={open} onClose={() => setQuery({ player: null })} />}
    </div>
  );
}

interface RanksProps {
  readonly api: UserBoards;
  readonly of: RankingOf;
  readonly ranking: RankingState;
  readonly own: string | undefined;
  readonly open: (player: string) => void;
}

/** The whole list, or as much of it as was searched for or starred. */
function Ranks({ api, of, ranking, own, open }: RanksProps) {
  const { search } = place.value;
  const q = readQuery(search, "q");
  if (q !== "") return <Found api={api} of={of} q={q} own={own} open={open} />;
  if (readQuery(search, "who") === "friends") return <Friends api={api} of={of} at={ranking.at.value} own={own} open={open} />;
  const { error, pages, at } = ranking;
  if (error.value && at.value === 0)
    return (
      <ErrorState
        failure={{ title: "The ranking could not be read", detail: error.value.detail, requestId: error.value.requestId }}
        onRetry={ranking.moved}
      />
    );
  if (at.value === 0) return <Skeleton rows={10} />;
  if (pages.value.total === 0)
    return <EmptyState title="Nobody has scored here yet">The first score opens this ranking. Yours may be it.</EmptyState>;
  return (
    <>
      {error.value && <Notice tone="warn">What you see is not fresh: {error.value.detail}</Notice>}
      <RankingList pages={pages.value} need={ranking.need} own={own} open={open} />
    </>
  );
}

type ShortProps = Pick<RanksProps, "api" | "of" | "own" | "open">;

function Found({ api, of, q, own, open }: ShortProps & { q: string }) {
  const found = useResource(
    [of.board, of.window, of.partition, q].join("\n"),
    async (signal) => await api.search(of.board, { ...setOf(of), q }, { signal }),
  );
  return <Short found={found} nothing={`Nobody whose name begins with “${q}” has a rank here.`} own={own} open={open} />;
}

function Friends({ api, of, at, own, open }: ShortProps & { at: number }) {
  const players = [...new Set([...(own === undefined ? [] : [own]), ...friends.value])];
  const found = useResource([of.board, of.window, of.partition, at, ...players].join("\n"), async (signal) =>
    players.length === 0 ? { items: [] } : await api.lookup(of.board, { ...setOf(of), players }, { signal }),
  );
  return <Short found={found} nothing="Star players in the list: they stand here beside you." own={own} open={open} />;
}

interface ShortListProps extends Pick<RanksProps, "own" | "open"> {
  readonly found: ReturnType<typeof useResource<{ items: readonly Entry[] }>>;
  readonly nothing: string;
}

function Short({ found, nothing, own, open }: ShortListProps) {
  const failure = found.error.value;
  if (failure && !found.data.value)
    return <ErrorState failure={{ title: "That could not be read", detail: failure.detail }} onRetry={found.reload} />;
  if (!found.data.value) return <Skeleton rows={5} />;
  const entries = found.data.value.items.toSorted((a, b) => a.rank - b.rank);
  return entries.length === 0 ? <EmptyState title="Nobody">{nothing}</EmptyState> : <ShortList entries={entries} own={own} open={open} />;
}

function NotToRead({
  error,
  reload,
  state,
}: {
  error: NonNullable<ReturnType<typeof useResource>["error"]["value"]>;
  reload: () => void;
  state: UserState;
}) {
  if (error.status === 401 || error.status === 403)
    return (
      <div class="arcade-body">
        <EmptyState title="Come in to see this board">It is not public. Sign in below, or come as a guest.</EmptyState>
        <aside class="arcade-aside">
          <UserSignIn state={state} />
        </aside>
      </div>
    );
  if (error.status === 404)
    return (
      <EmptyState title="There is no such board here">
        The demo makes it; on a tenant of your own, create a board of this name in the console.
      </EmptyState>
    );
  return (
    <ErrorState failure={{ title: "The board could not be read", detail: error.detail, requestId: error.requestId }} onRetry={reload} />
  );
}

interface TabsProps<T extends string> {
  readonly label: string;
  readonly items: readonly { readonly id: T; readonly title: string }[];
  readonly current: string;
  readonly choose: (id: T) => void;
}

/** One of several views of the same place; arrows move between them. */
function Tabs<T extends string>({ label, items, current, choose }: TabsProps<T>) {
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const at = items.findIndex(({ id }) => id === current);
    const next = items[(at + step + items.length) % items.length];
    if (!next) return;
    event.preventDefault();
    choose(next.id);
    const list = event.currentTarget;
    if (list instanceof HTMLElement) requestAnimationFrame(() => list.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {items.map(({ id, title }) => (
        <button
          key={id}
          type="button"
          role="tab"
          aria-selected={id === current}
          tabIndex={id === current ? 0 : -1}
          onClick={() => choose(id)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

import { Download } from "lucide";
import type { Entry, RewardGrant, WindowArchive, WindowView } from "../../../contract/leaderboard-reads.ts";
import { download } from "../../lib/download.ts";
import { formatValue, plural } from "../../lib/format.ts";
import { useResource } from "../../lib/resource.ts";
import { csv } from "../../lib/table-model.ts";
import { useList } from "../../lib/use-list.ts";
import { Button, LinkButton } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { EmptyState, ForbiddenState, Skeleton } from "../../ui/states.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { LongListFoot, LongListHead } from "../long-list.tsx";
import { failureOf, PageError } from "../page-error.tsx";
import { seenBy } from "../pages.ts";
import { can, me, rolesWith } from "../session.ts";
import { nameOf, scoreWords, WINDOW_TONES } from "./board-words.ts";

interface WindowProps {
  readonly board: string;
  readonly window: string;
  /** Undefined when the board has no such window. */
  readonly of: WindowView | undefined;
  readonly title: string;
  /** Where its ranks are. */
  readonly ranking: string;
  readonly onClose: () => void;
}

/** One window: its bounds, and once it has closed its archives and rewards. */
export function WindowDrawer({ board, window, of, title, ranking, onClose }: WindowProps) {
  const closed = of !== undefined && of.state !== "open" && of.state !== "grace";
  return (
    <Drawer
      title={title}
      label={`Window ${window}`}
      onClose={onClose}
      foot={of?.rankable && <LinkButton href={ranking}>Show its ranks</LinkButton>}
    >
      {!of && <EmptyState title={`No window called ${window}`}>Nobody scored in it, or the address is mistyped.</EmptyState>}
      {of && (
        <dl class="facts">
          <dt>State</dt>
          <dd>
            <StateBadge tone={WINDOW_TONES[of.state]} word={of.state} />
          </dd>
          <dt>Opened</dt>
          <dd>
            <When at={of.opensAt} never="with the board" />
          </dd>
          <dt>{closed ? "Closed" : "Closes"}</dt>
          <dd>
            <When at={of.closesAt} never="never" />
          </dd>
          <dt>Players</dt>
          <dd>{of.total.toLocaleString("en")}</dd>
        </dl>
      )}
      {of && !closed && <p class="muted">When it has closed, its archives and rewards stand here.</p>}
      {closed && !can("leaderboards:manage") && (
        <ForbiddenState
          title={`Your role (${me.value?.role}) does not include archives`}
          seenBy={seenBy(rolesWith("leaderboards:manage"))}
        />
      )}
      {closed && can("leaderboards:manage") && (
        <>
          <Archives board={board} window={window} />
          <Rewards board={board} window={window} />
        </>
      )}
    </Drawer>
  );
}

function Archives({ board, window }: { board: string; window: string }) {
  const read = useResource(
    `archive:${board}:${window}`,
    async (signal) => (await api.leaderboards.archive(board, window, { signal })).items,
  );
  const items = read.data.value;
  return (
    <section aria-labelledby="lb-archives">
      <h3 id="lb-archives">Archives</h3>
      {!items && read.error.value && (
        <PageError failure={failureOf(read.error.value, "The archives could not be read")} onRetry={read.reload} />
      )}
      {!items && !read.error.value && <Skeleton rows={2} />}
      {items?.length === 0 && <p class="muted">Not archived yet: that follows within minutes of its end.</p>}
      {items?.map((archive) => (
        <Archive key={archive.key} board={board} of={archive} />
      ))}
    </section>
  );
}

function Archive({ board, of }: { board: string; of: WindowArchive }) {
  const name = `${board}-${of.window.replace(":", "-")}${of.partition ? `-${of.partition}` : ""}-top`;
  return (
    <div class="lb-archive">
      <p>
        <strong>{of.partition ?? "everybody"}</strong>: {plural(of.entries, "entry", "entries")}, {formatValue(of.bytes, "bytes")} in{" "}
        {plural(of.objects, "object")}, archived <When at={of.archivedAt} />
      </p>
      <p class="muted lb-object">
        <code>{of.key}</code> <CopyButton text={of.key} label="Copy the object’s key" /> crc32 <code>{of.crc32}</code>
      </p>
      <div class="actions">
        <Button icon={Download} onClick={() => download(`${name}.csv`, topCsv(of.top), "text/csv")}>
          The first {of.top.length.toLocaleString("en")} as CSV
        </Button>
        <Button icon={Download} kind="quiet" onClick={() => download(`${name}.json`, JSON.stringify(of.top, null, 2), "application/json")}>
          as JSON
        </Button>
      </div>
      <ol class="lb-top">
        {of.top.slice(0, 3).map((entry) => (
          <li key={entry.player}>
            <span class="lb-rank">{entry.rank}</span>
            <span>{nameOf(entry)}</span>
            <span>{scoreWords(entry.score)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function topCsv(top: readonly Entry[]): string {
  return csv(
    ["rank", "player", "name", "score", "subscore", "at"],
    top.map(({ rank, player, name, score, subscore, at }) => [rank, player, name, score, subscore, at]),
  );
}

const REWARDS: readonly [Column<RewardGrant>, ...Column<RewardGrant>[]] = [
  { key: "player", title: "Player", value: ({ player }) => player },
  { key: "rank", title: "Rank", number: true, value: ({ rank }) => rank },
  { key: "reward", title: "Reward", value: ({ reward }) => reward },
  { key: "partition", title: "Of", wide: true, value: ({ partition }) => partition ?? "everybody" },
  {
    key: "at",
    title: "Granted",
    number: true,
    wide: true,
    value: ({ grantedAt }) => grantedAt,
    cell: ({ grantedAt }) => <When at={grantedAt} />,
  },
];

function Rewards({ board, window }: { board: string; window: string }) {
  const list = useList<RewardGrant>(
    `rewards:${board}:${window}`,
    (cursor, signal) => api.leaderboards.rewards(board, window, { cursor, limit: 100 }, { signal }),
    ({ player, reward, partition }) => `${player}\n${reward}\n${partition}`,
    60_000,
  );
  const rows = list.items.value;
  const failure = list.error.value;
  return (
    <section aria-labelledby="lb-rewards">
      <h3 id="lb-rewards">Rewards</h3>
      {!rows && failure && <PageError failure={failureOf(failure, "The rewards could not be read")} onRetry={list.reload} />}
      {!rows && !failure && <Skeleton rows={3} />}
      {rows?.length === 0 && (
        <p class="muted">Nobody was given one: the board had no reward for this window, or its history was imported after it had closed.</p>
      )}
      {rows && rows.length > 0 && (
        <>
          <Table
            name="rewards"
            label="Rewards granted"
            columns={REWARDS}
            rows={rows}
            id={({ player, reward, partition }) => `${player} ${reward} ${partition}`}
            bar={<LongListHead list={list} count={rows.length} one="reward" many="rewards" />}
          />
          <LongListFoot list={list} />
        </>
      )}
    </section>
  );
}

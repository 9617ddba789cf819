import { SlidersHorizontal } from "lucide";
import type { Storage } from "../../../../contract/metric-catalog.ts";
import { serverNow } from "../../../lib/clock.ts";
import { exactValue, formatAge, formatDuration, formatValue, NOTHING, type Unit } from "../../../lib/format.ts";
import { useResource } from "../../../lib/resource.ts";
import { LinkButton } from "../../../ui/button.tsx";
import { Card } from "../../../ui/card.tsx";
import { PageHead } from "../../../ui/page-head.tsx";
import { EmptyState, Notice, Skeleton } from "../../../ui/states.tsx";
import { type Column, Table } from "../../../ui/table.tsx";
import { When } from "../../../ui/when.tsx";
import { failureOf, PageError } from "../../page-error.tsx";
import { metricsApi } from "../metrics-api.ts";
import { bytesPerPoint, storageHead, type TierRow, tierRows } from "./storage-words.ts";

type Shard = Storage["shards"][number];

const TIER_TITLES = { raw: "raw points", minute: "a point per minute", hour: "a point per hour" } as const;

function Figure({ of, unit }: { of: number; unit: Unit }) {
  return <span title={exactValue(of, unit)}>{formatValue(of, unit)}</span>;
}

function figure<T>(key: string, title: string, unit: Unit, value: (row: T) => number, wide = false): Column<T> {
  return { key, title, number: true, wide, value, cell: (row) => <Figure of={value(row)} unit={unit} /> };
}

const TIER_COLUMNS: readonly [Column<TierRow>, ...Column<TierRow>[]] = [
  { key: "tier", title: "Tier", value: ({ tier }) => TIER_TITLES[tier] },
  { key: "kept", title: "Kept for", number: true, value: ({ keptMs }) => keptMs, cell: ({ keptMs }) => formatDuration(keptMs) },
  figure<TierRow>("points", "Points", "count", ({ points }) => points),
  figure<TierRow>("bytes", "Bytes", "bytes", ({ bytes }) => bytes),
  {
    key: "each",
    title: "Per point",
    number: true,
    value: bytesPerPoint,
    cell: (row) => {
      const each = bytesPerPoint(row);
      return each === null ? NOTHING : `${formatValue(each, "plain")} B`;
    },
  },
  figure<TierRow>("rows", "Rows", "count", ({ rows }) => rows, true),
  {
    key: "oldest",
    title: "Oldest",
    number: true,
    wide: true,
    value: ({ oldestAt }) => oldestAt,
    cell: ({ oldestAt }) => <When at={oldestAt} />,
  },
  {
    key: "newest",
    title: "Newest",
    number: true,
    wide: true,
    value: ({ newestAt }) => newestAt,
    cell: ({ newestAt }) => <When at={newestAt} />,
  },
];

const SHARD_COLUMNS: readonly [Column<Shard>, ...Column<Shard>[]] = [
  { key: "shard", title: "Shard", value: ({ shard }) => shard, cell: ({ shard }) => `shard ${shard}` },
  figure<Shard>("series", "Series", "count", ({ series }) => series),
  figure<Shard>("unsealed", "Points not yet packed", "count", ({ unsealedPoints }) => unsealedPoints, true),
  figure<Shard>("heads", "In memory", "bytes", ({ headBytes }) => headBytes, true),
  figure<Shard>("log", "Write-ahead", "bytes", ({ logBytes }) => logBytes, true),
  figure<Shard>("rows", "Rows written", "count", ({ rowsWritten }) => rowsWritten),
  figure<Shard>("database", "Database", "bytes", ({ databaseBytes }) => databaseBytes),
];

/** How much is kept in which tier, how small it is, and in which objects it lies. */
export default function StoragePage() {
  const read = useResource("storage", (abort) => metricsApi.storage(abort), 30_000);
  const storage = read.data.value;
  const failure = read.error.value;
  if (!storage) {
    if (failure) return <PageError failure={failureOf(failure, "Storage could not be read")} onRetry={read.reload} />;
    return <Skeleton rows={4} />;
  }
  const rows = tierRows(storage);
  return (
    <>
      <PageHead
        {...storageHead(storage)}
        actions={
          <LinkButton href="/console/observe/cardinality/settings" icon={SlidersHorizontal}>
            Limits and retention
          </LinkButton>
        }
      />
      <div class="stack">
        {failure && (
          <Notice tone="warn">
            This could not be refreshed: {failure.detail}. What is shown is {formatAge(serverNow() - read.at.value)} old.
          </Notice>
        )}
        {rows.length === 0 ? (
          <EmptyState title="Nothing is packed yet">
            Samples are durable at once and packed about every half hour; then each tier stands here with its points, bytes and ends.
          </EmptyState>
        ) : (
          <Card>
            <Table bar={<h2>Tiers</h2>} name="tiers" label="Tiers" columns={TIER_COLUMNS} rows={rows} id={({ tier }) => tier} />
          </Card>
        )}
        {storage.shards.length > 0 && (
          <Card>
            <Table
              bar={<h2>Shards</h2>}
              name="shards"
              label="Shards"
              columns={SHARD_COLUMNS}
              rows={storage.shards}
              id={({ shard }) => String(shard)}
            />
          </Card>
        )}
      </div>
    </>
  );
}

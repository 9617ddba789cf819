import type { Backup } from "../../../contract/platform.ts";
import { serverNow } from "../../lib/clock.ts";
import { exactValue, formatDuration, formatValue } from "../../lib/format.ts";
import { useResource } from "../../lib/resource.ts";
import { Card } from "../../ui/card.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { EmptyState, Skeleton } from "../../ui/states.tsx";
import { StateBadge, type Tone } from "../../ui/state-badge.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { Listing } from "../listing.tsx";
import { failureOf, PageError } from "../page-error.tsx";
import { keyWords, platformHead, walkWords } from "./platform-words.ts";
import "./identity.css";

const BACKUP_TONES: Record<Backup["state"], Tone> = { running: "info", done: "ok", failed: "critical" };

const BACKUPS: readonly [Column<Backup>, ...Column<Backup>[]] = [
  { key: "started", title: "Started", value: ({ startedAt }) => startedAt, cell: ({ startedAt }) => <When at={startedAt} /> },
  {
    key: "state",
    title: "State",
    value: ({ state }) => state,
    cell: ({ state, problem }) => (
      <>
        <StateBadge tone={BACKUP_TONES[state]} word={state} />
        {problem !== null && ` ${problem}`}
      </>
    ),
  },
  { key: "scope", title: "Of", value: ({ scope }) => (scope === "node" ? "node" : scope) },
  { key: "bytes", title: "Size", number: true, wide: true, value: ({ bytes }) => bytes, cell: ({ bytes }) => formatValue(bytes, "bytes") },
  {
    key: "objects",
    title: "Objects",
    number: true,
    wide: true,
    value: ({ objects }) => objects,
    cell: ({ objects }) => <Count of={objects} />,
  },
  { key: "rows", title: "Rows", number: true, wide: true, value: ({ rows }) => rows, cell: ({ rows }) => <Count of={rows} /> },
  {
    key: "took",
    title: "Took",
    number: true,
    wide: true,
    value: ({ startedAt, finishedAt }) => (finishedAt === null ? null : Date.parse(finishedAt) - Date.parse(startedAt)),
    cell: ({ startedAt, finishedAt }) => (finishedAt === null ? "" : formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))),
  },
  { key: "target", title: "To", wide: true, value: ({ target }) => target, cell: ({ target }) => <code>{target}</code> },
];

function Count({ of }: { of: number }) {
  return <span title={exactValue(of, "count")}>{formatValue(of, "count")}</span>;
}

/** What the deployment as a whole depends on: its keys, and copies of everything. */
export default function PlatformPage() {
  const ring = useResource("key-ring", (signal) => api.platform.keyRing({ signal }), 15_000);
  const backups = useResource("backups", async (signal) => (await api.platform.backups({ limit: 50 }, { signal })).items, 15_000);
  const keys = ring.data.value;
  return (
    <>
      {(keys || backups.data.value) && <PageHead {...platformHead(keys, backups.data.value, serverNow())} />}
      <div class="settings-grid">
        <Card title="Key ring" class="form-card">
          {!keys && ring.error.value && (
            <PageError failure={failureOf(ring.error.value, "The key ring could not be read")} onRetry={ring.reload} />
          )}
          {!keys && !ring.error.value && <Skeleton rows={2} />}
          {keys && (
            <>
              <dl class="facts">
                {keys.keys.map((key) => (
                  <>
                    <dt>
                      <code>{key.id}</code>
                    </dt>
                    <dd>
                      <StateBadge tone={key.state === "current" ? "ok" : "info"} word={key.state} />
                      <div class="muted">{keyWords(key)}</div>
                    </dd>
                  </>
                ))}
                <dt>Last walk</dt>
                <dd>
                  {walkWords(keys.reseal)}
                  {keys.reseal.finishedAt !== null && (
                    <>
                      , <When at={keys.reseal.finishedAt} />
                    </>
                  )}
                </dd>
              </dl>
              <p class="muted">
                Rotation signs nobody out. On the node: add a key, make it current, wait until the walk is done, retire the old one.
              </p>
              <Command text="npm run keys -- add && npm run keys -- rotate" />
            </>
          )}
        </Card>
        <Card title="Take a backup" class="form-card">
          <p class="muted">On the node, while it works. The copy is encrypted, and checked by restoring it into an empty folder.</p>
          <Command text="npm run backup -- --to <folder> --verify" />
        </Card>
      </div>
      <section class="section">
        <h2>Backups</h2>
        <Listing
          of={backups}
          what="backups"
          empty={
            <EmptyState title="No backup yet">
              Backups are listed here, with what they hold and whether they failed. Without one, everything is lost with the disk: take one
              with the command above.
            </EmptyState>
          }
        >
          {(rows) => <Table name="backups" label="Backups" columns={BACKUPS} rows={rows} id={({ id }) => id} />}
        </Listing>
      </section>
    </>
  );
}

function Command({ text }: { text: string }) {
  return (
    <>
      <pre class="command">{text}</pre>
      <div class="actions">
        <CopyButton text={text} words="Copy the command" />
      </div>
    </>
  );
}

import { useSignal } from "@preact/signals";
import { ShieldCheck } from "lucide";
import type { AuditEntry, AuditVerification } from "../../../contract/access.ts";
import type { MeridianError } from "../../../sdk/errors.ts";
import { formatClock, plural } from "../../lib/format.ts";
import { serverNow } from "../../lib/clock.ts";
import { go, place, setQuery } from "../../lib/location.ts";
import { asError } from "../../lib/resource.ts";
import { readQuery } from "../../lib/url-state.ts";
import { useList } from "../../lib/use-list.ts";
import { Button } from "../../ui/button.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { EmptyState } from "../../ui/states.tsx";
import { StateBadge, type Tone } from "../../ui/state-badge.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { Listing } from "../listing.tsx";
import { LongListFoot, LongListHead } from "../long-list.tsx";
import type { PageProps } from "../pages.ts";

const LIST = "/console/control/audit";

const OUTCOMES: Record<AuditEntry["outcome"], Tone> = { intent: "info", done: "ok", failed: "critical", denied: "warn" };

function addressOf({ seq }: AuditEntry): string {
  return `${LIST}/${seq}${place.value.search}`;
}

const COLUMNS: readonly [Column<AuditEntry>, ...Column<AuditEntry>[]] = [
  { key: "seq", title: "No.", value: ({ seq }) => seq },
  { key: "action", title: "Action", value: ({ action }) => action },
  {
    key: "outcome",
    title: "Outcome",
    value: ({ outcome }) => outcome,
    cell: ({ outcome }) => <StateBadge tone={OUTCOMES[outcome]} word={outcome} />,
  },
  {
    key: "actor",
    title: "By",
    wide: true,
    value: ({ actorName }) => actorName,
    cell: ({ actor, actorName }) => <span title={actor}>{actorName}</span>,
  },
  { key: "target", title: "On", wide: true, value: ({ target }) => target },
  { key: "at", title: "When", number: true, value: ({ at }) => at, cell: ({ at }) => <When at={at} /> },
];

type Verdict = { at: number; result: AuditVerification } | { failure: MeridianError } | undefined;

function head(verdict: Verdict): { tone: Tone; headline: string; detail: string } {
  if (!verdict)
    return { tone: "muted", headline: "Audit log", detail: "not verified in this visit: each entry's hash covers the one before" };
  if ("failure" in verdict) return { tone: "warn", headline: "The chain could not be verified", detail: verdict.failure.detail };
  const { checked, firstBroken } = verdict.result;
  if (firstBroken !== null) {
    return {
      tone: "critical",
      headline: `The chain is broken at entry ${firstBroken}`,
      detail: `That entry or the one before was changed after it was written. Entries up to ${firstBroken - 1} hold; keep a copy and find out who can write to the storage.`,
    };
  }
  return {
    tone: "ok",
    headline: "The chain holds",
    detail: `${plural(checked, "entry", "entries")} verified at ${formatClock(verdict.at)}`,
  };
}

function Filters({ action, actor }: { action: string; actor: string }) {
  const set = (name: string) => (event: { currentTarget: HTMLInputElement }) => setQuery({ [name]: event.currentTarget.value.trim() });
  return (
    <div class="filters" role="search">
      <input
        type="search"
        aria-label="Action, exactly"
        placeholder="Action, such as key.create ( / )"
        value={action}
        onChange={set("action")}
      />
      <input type="search" aria-label="Actor, exactly" placeholder="By, such as user:… or key:…" value={actor} onChange={set("actor")} />
    </div>
  );
}

function EntryDrawer({ of, seq, onClose }: { of: AuditEntry | undefined; seq: string; onClose: () => void }) {
  if (!of) {
    return (
      <Drawer title={`Entry ${seq}`} label={`Entry ${seq}`} onClose={onClose}>
        <EmptyState title="This entry is not in the list">It may be older than what is loaded, or hidden by the filter.</EmptyState>
      </Drawer>
    );
  }
  const facts = [
    ["Outcome", <StateBadge tone={OUTCOMES[of.outcome]} word={of.outcome} />],
    ["By", `${of.actorName} (${of.actor})`],
    ["On", of.target],
    ["When", <When at={of.at} />],
    ["Request", <code>{of.requestId}</code>],
    ["Hash", <code>{of.hash}</code>],
    ["Before it", <code>{of.previousHash}</code>],
  ] as const;
  return (
    <Drawer title={`${of.action}, entry ${of.seq}`} label={`Entry ${of.seq}`} onClose={onClose}>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
      {Object.keys(of.detail).length > 0 && (
        <section>
          <h3>Detail</h3>
          <pre class="command">{JSON.stringify(of.detail, null, 2)}</pre>
        </section>
      )}
    </Drawer>
  );
}

/** Who did what, and the proof that nobody changed the record. */
export default function AuditPage({ params }: PageProps) {
  const { search } = place.value;
  const action = readQuery(search, "action");
  const actor = readQuery(search, "actor");
  const list = useList(
    `audit:${action}:${actor}`,
    (cursor, signal) => api.audit.list({ action: action || undefined, actor: actor || undefined, cursor, limit: 100 }, { signal }),
    ({ seq }) => String(seq),
    15_000,
  );
  const verdict = useSignal<Verdict>(undefined);
  const busy = useSignal(false);
  const verify = async () => {
    busy.value = true;
    try {
      verdict.value = { at: serverNow(), result: await api.audit.verify() };
    } catch (failure) {
      verdict.value = { failure: asError(failure) };
    }
    busy.value = false;
  };
  const open = params["seq"];
  return (
    <>
      <PageHead
        {...head(verdict.value)}
        actions={
          <Button kind="primary" icon={ShieldCheck} busy={busy.value} onClick={() => void verify()}>
            {busy.value ? "Verifying" : "Verify the chain"}
          </Button>
        }
      />
      <Filters action={action} actor={actor} />
      <Listing
        of={{ data: list.items, error: list.error, at: list.at, reload: list.reload }}
        what="audit entries"
        empty={<EmptyState title="No entry fits">Action and actor have to be written exactly as they stand in an entry.</EmptyState>}
      >
        {(rows) => (
          <>
            <Table
              name="audit"
              label="Audit log"
              columns={COLUMNS}
              rows={rows}
              id={({ seq }) => String(seq)}
              href={addressOf}
              open={(entry) => go(addressOf(entry))}
              current={open}
              bar={<LongListHead list={list} count={rows.length} one="entry" many="entries" />}
            />
            <LongListFoot list={list} />
          </>
        )}
      </Listing>
      {open !== undefined && (
        <EntryDrawer seq={open} of={list.items.value?.find(({ seq }) => String(seq) === open)} onClose={() => go(LIST + search)} />
      )}
    </>
  );
}

import type { Rejected } from "../../../../contract/metric-catalog.ts";
import type { RejectReason } from "../../../../contract/metric-limits.ts";
import { formatExact, plural } from "../../../lib/format.ts";
import { place, setQuery } from "../../../lib/location.ts";
import { readQuery, withQuery } from "../../../lib/url-state.ts";
import { LinkButton } from "../../../ui/button.tsx";
import { CopyButton } from "../../../ui/copy-button.tsx";
import { Drawer } from "../../../ui/drawer.tsx";
import { type Column, Table } from "../../../ui/table.tsx";
import { When } from "../../../ui/when.tsx";
import { PROTOCOL_WORDS, REASON_WORDS, type Rejection, rejectionId } from "./ingest-words.ts";

type KeyNames = ReadonlyMap<string, string>;

function keyWords(keyId: string, names: KeyNames): string {
  return names.get(keyId) ?? (keyId === "" ? "no key" : keyId.slice(0, 8));
}

function addressOf(rejection: Rejection): string {
  return place.value.path + withQuery(place.value.search, { rejected: rejectionId(rejection) });
}

/** What was refused lately: why, whose it was, and an example. */
export function Rejections({ of, keyNames }: { of: Rejected; keyNames: KeyNames }) {
  const wanted = readQuery(place.value.search, "reason");
  const rows = of.items.filter(({ reason }) => wanted === "" || reason === wanted);
  const columns: readonly [Column<Rejection>, ...Column<Rejection>[]] = [
    { key: "reason", title: "Why", value: ({ reason }) => REASON_WORDS[reason].title },
    { key: "example", title: "Example", wide: true, value: ({ example }) => example, cell: ({ example }) => <code>{example}</code> },
    { key: "count", title: "Samples", number: true, value: ({ count }) => count, cell: ({ count }) => count.toLocaleString("en") },
    { key: "key", title: "Key", wide: true, value: ({ keyId }) => keyWords(keyId, keyNames) },
    { key: "protocol", title: "By", wide: true, value: ({ protocol }) => PROTOCOL_WORDS[protocol] },
    { key: "at", title: "When", number: true, wide: true, value: ({ at }) => at, cell: ({ at }) => <When at={at} /> },
  ];
  const choose = (reason: RejectReason | "") => setQuery({ reason: wanted === reason ? "" : reason });
  return (
    <>
      <div class="segments reasons" role="group" aria-label="Reason">
        <button type="button" class="segment" aria-pressed={wanted === ""} onClick={() => choose("")}>
          all <span class="muted">{of.totals.reduce((sum, { count }) => sum + count, 0).toLocaleString("en")}</span>
        </button>
        {of.totals.map(({ reason, count }) => (
          <button key={reason} type="button" class="segment" aria-pressed={wanted === reason} onClick={() => choose(reason)}>
            {REASON_WORDS[reason].title} <span class="muted">{count.toLocaleString("en")}</span>
          </button>
        ))}
      </div>
      <Table
        name="rejected"
        label="Rejected samples"
        columns={columns}
        rows={rows}
        id={rejectionId}
        href={addressOf}
        open={(row) => setQuery({ rejected: rejectionId(row) }, { replace: false })}
        current={readQuery(place.value.search, "rejected")}
        bar={
          <span class="muted">
            {rows.length === 0
              ? "none of them is kept as an example"
              : `the newest ${plural(rows.length, "kind")} of refusal, kept for 24 h`}
          </span>
        }
      />
    </>
  );
}

/** One refusal with the way out of it. */
export function RejectionDrawer({ of, keyNames, onClose }: { of: Rejection | undefined; keyNames: KeyNames; onClose: () => void }) {
  if (!of) {
    return (
      <Drawer title="Rejected samples" label="Rejected samples" onClose={onClose}>
        <p class="muted">This one is no longer kept: the newest of a day are.</p>
      </Drawer>
    );
  }
  const { title, way } = REASON_WORDS[of.reason];
  const known = keyNames.has(of.keyId);
  return (
    <Drawer title={`Refused: ${title}`} label={`Refused: ${title}`} onClose={onClose}>
      <section>
        <h3>What to do</h3>
        <p>{way}</p>
        {of.reason === "series-limit" && (
          <div class="actions">
            <LinkButton href="/console/observe/cardinality">Open cardinality</LinkButton>
          </div>
        )}
      </section>
      <section>
        <h3>Example</h3>
        <pre class="command">{of.example}</pre>
        <div class="actions">
          <CopyButton text={of.example} words="Copy the example" />
        </div>
        {of.detail !== "" && <p class="muted">{of.detail}</p>}
      </section>
      <dl class="facts">
        <dt>Samples</dt>
        <dd>{of.count.toLocaleString("en")}</dd>
        <dt>When</dt>
        <dd>{formatExact(of.at)}</dd>
        <dt>By</dt>
        <dd>{PROTOCOL_WORDS[of.protocol]}</dd>
        <dt>Key</dt>
        <dd>
          {known ? (
            <a class="link" href={`/console/control/keys/${encodeURIComponent(of.keyId)}`}>
              {keyWords(of.keyId, keyNames)}
            </a>
          ) : (
            <code>{of.keyId || "no key"}</code>
          )}
        </dd>
        <dt>Reason</dt>
        <dd>
          <code>{of.reason}</code>
        </dd>
      </dl>
    </Drawer>
  );
}

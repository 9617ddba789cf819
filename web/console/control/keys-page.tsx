import { useSignal } from "@preact/signals";
import { Plus } from "lucide";
import type { Key } from "../../../contract/access.ts";
import { collect } from "../../lib/collect.ts";
import { plural } from "../../lib/format.ts";
import { go, place } from "../../lib/location.ts";
import { useOpenName } from "../../lib/open-name.ts";
import { useResource } from "../../lib/resource.ts";
import { now } from "../../lib/clock.ts";
import { LinkButton } from "../../ui/button.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { EmptyState } from "../../ui/states.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { Listing } from "../listing.tsx";
import type { PageProps } from "../pages.ts";
import { CreateKey } from "./create-key.tsx";
import { KeyDrawer } from "./key-drawer.tsx";
import { keysHead, keyTone, lastUse } from "./key-words.ts";

const LIST = "/console/control/keys";

function addressOf({ id }: Key): string {
  return `${LIST}/${encodeURIComponent(id)}${place.value.search}`;
}

const COLUMNS: readonly [Column<Key>, ...Column<Key>[]] = [
  { key: "name", title: "Name", value: ({ name }) => name },
  { key: "state", title: "State", value: ({ state }) => state, cell: (key) => <StateBadge {...keyTone(key, now.value)} /> },
  {
    key: "used",
    title: "Last used",
    number: true,
    value: lastUse,
    cell: (key) => <When at={lastUse(key)} never="never" />,
  },
  {
    key: "expires",
    title: "Expires",
    number: true,
    wide: true,
    value: ({ expiresAt }) => expiresAt,
    cell: ({ expiresAt }) => <When at={expiresAt} never="never" />,
  },
  { key: "hint", title: "Begins with", wide: true, value: ({ hint }) => hint, cell: ({ hint }) => <code>{hint}</code> },
  { key: "scopes", title: "Scopes", wide: true, value: ({ scopes }) => scopes.join(" ") },
  {
    key: "created",
    title: "Created",
    number: true,
    wide: true,
    value: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <When at={createdAt} />,
  },
];

/** The credentials of programs. */
export default function KeysPage({ params }: PageProps) {
  const keys = useResource("keys", (signal) => collect((page) => api.keys.list(page, { signal })), 15_000);
  const showAll = useSignal(false);
  const rows = keys.data.value;
  const open = params["key"];
  const opened = rows?.find(({ id }) => id === open);
  useOpenName(opened?.name);
  const close = () => go(LIST + place.value.search.replace(/[?&]for=(agent|metrics)/, ""));
  const create = (
    <LinkButton href={`${LIST}/new`} kind="primary" icon={Plus}>
      Create a key
    </LinkButton>
  );
  const usable = rows?.filter(({ state }) => state === "active") ?? [];
  const ended = (rows?.length ?? 0) - usable.length;
  return (
    <>
      {rows && rows.length > 0 && <PageHead {...keysHead(rows, now.value)} actions={create} />}
      <Listing
        of={keys}
        what="keys"
        empty={
          <EmptyState title="No key yet" action={create}>
            Programs prove with a key who they are: agents, scripts, your own services. A key can do what its scopes say and nothing else.
          </EmptyState>
        }
      >
        {(all) => (
          <Table
            name="keys"
            label="Keys"
            columns={COLUMNS}
            rows={showAll.value ? all : usable}
            id={({ id }) => id}
            href={addressOf}
            open={(key) => go(addressOf(key))}
            current={open}
            bar={
              <>
                <span class="muted">{plural(showAll.value ? all.length : usable.length, "key")}</span>
                {ended > 0 && (
                  <label>
                    <input type="checkbox" checked={showAll.value} onChange={(event) => (showAll.value = event.currentTarget.checked)} />{" "}
                    with {plural(ended, "revoked or expired one")}
                  </label>
                )}
              </>
            }
          />
        )}
      </Listing>
      {open === "new" && <CreateKey onCreated={keys.reload} onClose={close} />}
      {open !== undefined && open !== "new" && rows && (
        <KeyDrawer key={open} id={open} of={opened} onChanged={keys.reload} onClose={close} />
      )}
    </>
  );
}

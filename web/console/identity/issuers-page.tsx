import { useSignal } from "@preact/signals";
import { Plus } from "lucide";
import type { Issuer } from "../../../contract/issuers.ts";
import { plural } from "../../lib/format.ts";
import { go, place } from "../../lib/location.ts";
import { useResource } from "../../lib/resource.ts";
import { readQuery } from "../../lib/url-state.ts";
import { LinkButton } from "../../ui/button.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { EmptyState } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { Listing } from "../listing.tsx";
import type { PageProps } from "../pages.ts";
import { IssuerDrawer } from "./issuer-drawer.tsx";
import "./identity.css";

const LIST = "/console/control/issuers";
const addressOf = ({ name }: Issuer) => `${LIST}/${encodeURIComponent(name)}`;

const COLUMNS: readonly [Column<Issuer>, ...Column<Issuer>[]] = [
  { key: "name", title: "Name", value: ({ name }) => name },
  { key: "iss", title: "Issuer (iss)", value: ({ iss }) => iss, cell: ({ iss }) => <code>{iss}</code> },
  {
    key: "keys",
    title: "Keys",
    wide: true,
    value: ({ jwksUrl, jwks }) => jwksUrl ?? plural(jwks?.keys.length ?? 0, "pasted key"),
  },
  {
    key: "changed",
    title: "Changed",
    number: true,
    wide: true,
    value: ({ changedAt }) => changedAt,
    cell: ({ changedAt }) => <When at={changedAt} />,
  },
];

/** Issuers of the tenant's own whose tokens are accepted at the door. */
export default function IssuersPage({ params }: PageProps) {
  const issuers = useResource("issuers", async (signal) => (await api.issuers.list({ signal })).items, 30_000);
  const rows = issuers.data.value;
  // What was just saved is known before the list is read again.
  const saved = useSignal<Issuer | undefined>(undefined);
  const open = params["name"];
  const adding = open === undefined && readQuery(place.value.search, "add") === "issuer";
  const opened = rows?.find(({ name }) => name === open) ?? (saved.value?.name === open ? saved.value : undefined);
  const close = () => go(LIST);
  const create = (
    <LinkButton href={`${LIST}?add=issuer`} kind="primary" icon={Plus}>
      Register an issuer
    </LinkButton>
  );
  return (
    <>
      {rows && rows.length > 0 && (
        <PageHead
          tone="ok"
          headline={`${plural(rows.length, "issuer")} trusted`}
          detail="their tokens are verified at your door; two issuers never speak for one person"
          actions={create}
        />
      )}
      <Listing
        of={issuers}
        what="issuers"
        empty={
          <EmptyState title="No issuer of your own" action={create}>
            Where your users sign in elsewhere already, at an identity provider or your own server, register who signs their tokens: your
            door then takes them as they are.
          </EmptyState>
        }
      >
        {(all) => (
          <Table
            name="issuers"
            label="Issuers"
            columns={COLUMNS}
            rows={all}
            id={({ name }) => name}
            href={addressOf}
            open={(issuer) => go(addressOf(issuer))}
            current={open}
          />
        )}
      </Listing>
      {rows && (adding || opened) && (
        <IssuerDrawer
          key={open}
          of={opened}
          taken={rows.map(({ name }) => name)}
          onSaved={(issuer) => {
            saved.value = issuer;
            issuers.reload();
            go(addressOf(issuer));
          }}
          onRemoved={() => {
            saved.value = undefined;
            issuers.reload();
            close();
          }}
          onClose={close}
        />
      )}
      {open !== undefined && rows && !opened && (
        <Drawer title="No such issuer" label="No such issuer" onClose={close}>
          <EmptyState title={`No issuer is called ${open}`}>It was removed, or the address is mistyped.</EmptyState>
        </Drawer>
      )}
    </>
  );
}

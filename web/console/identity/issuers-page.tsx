import { Plus } from "lucide";
import type { Issuer } from "../../../contract/issuers.ts";
import { plural } from "../../lib/format.ts";
import { go } from "../../lib/location.ts";
import { useOpenName } from "../../lib/open-name.ts";
import { useResource } from "../../lib/resource.ts";
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
  { key: "iss", title: "iss", value: ({ iss }) => iss, cell: ({ iss }) => <code>{iss}</code> },
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
  const open = params["name"];
  const opened = rows?.find(({ name }) => name === open);
  useOpenName(open === "new" ? "New issuer" : opened?.name);
  const close = () => go(LIST);
  const create = (
    <LinkButton href={`${LIST}/new`} kind="primary" icon={Plus}>
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
            Where your users sign in elsewhere already (Auth0, Cognito, your own server), register who signs their tokens: they are then
            taken at your door as they are.
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
      {open !== undefined && rows && (open === "new" || opened) && (
        <IssuerDrawer key={open} of={opened} onChanged={issuers.reload} onClose={close} />
      )}
      {open !== undefined && open !== "new" && rows && !opened && (
        <Drawer title="No such issuer" label="No such issuer" onClose={close}>
          <EmptyState title={`No issuer is called ${open}`}>It was removed, or the address is mistyped.</EmptyState>
        </Drawer>
      )}
    </>
  );
}

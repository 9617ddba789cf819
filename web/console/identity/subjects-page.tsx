import type { SubjectSummary } from "../../../contract/subjects.ts";
import { go, place, setQuery } from "../../lib/location.ts";
import { useOpenName } from "../../lib/open-name.ts";
import { readQuery } from "../../lib/url-state.ts";
import { useList } from "../../lib/use-list.ts";
import { PageHead } from "../../ui/page-head.tsx";
import { EmptyState } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { Listing } from "../listing.tsx";
import { LongListFoot, LongListHead } from "../long-list.tsx";
import type { PageProps } from "../pages.ts";
import { can } from "../session.ts";
import { SubjectDrawer } from "./subject-drawer.tsx";
import { SignEveryoneOut } from "./sign-everyone-out.tsx";
import { lastSeen, nameOf, originWords, subjectPath, subjectsHead } from "./subject-words.ts";
import "./identity.css";

const LIST = "/console/control/subjects";

const addressOf = (subject: SubjectSummary) => subjectPath(LIST, subject) + place.value.search;

const COLUMNS: readonly [Column<SubjectSummary>, ...Column<SubjectSummary>[]] = [
  { key: "name", title: "Name", value: nameOf },
  { key: "origin", title: "Is", value: originWords },
  { key: "email", title: "Email", wide: true, value: ({ email }) => email },
  { key: "seen", title: "Last seen", number: true, value: lastSeen, cell: (subject) => <When at={lastSeen(subject)} /> },
  { key: "sub", title: "Sub", wide: true, value: ({ sub }) => sub, cell: ({ sub }) => <code class="long-id">{sub}</code> },
  {
    key: "created",
    title: "First seen",
    number: true,
    wide: true,
    value: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <When at={createdAt} />,
  },
];

/** The end users of the tenant's product. */
export default function SubjectsPage({ params }: PageProps) {
  const { search } = place.value;
  const wanted = readQuery(search, "search");
  const list = useList(
    `subjects:${wanted}`,
    (cursor, signal) => api.subjects.list({ search: wanted || undefined, cursor, limit: 100 }, { signal }),
    ({ ref }) => ref,
    15_000,
  );
  const rows = list.items.value;
  const { issuer, sub } = params;
  const open = issuer !== undefined && sub !== undefined ? { issuer, sub } : undefined;
  const opened = rows?.find((row) => row.issuer === open?.issuer && row.sub === open?.sub);
  useOpenName(opened && nameOf(opened));
  return (
    <>
      {rows && (
        <PageHead
          {...subjectsHead(rows.length, list.hasMore.value, wanted !== "")}
          actions={rows.length > 0 && wanted === "" && can("tokens:revoke") && <SignEveryoneOut />}
        />
      )}
      <div class="filters" role="search">
        <input
          type="search"
          aria-label="Name, address or sub, from its beginning"
          placeholder="Name, address or sub ( / )"
          value={wanted}
          onChange={(event) => setQuery({ search: event.currentTarget.value.trim() })}
        />
      </div>
      <Listing
        of={{ data: list.items, error: list.error, at: list.at, reload: list.reload }}
        what="end users"
        empty={
          wanted === "" ? (
            <EmptyState title="No end user yet">
              They appear when your backend mints a token (<code>POST /v1/tokens</code>), when one registers at your door, or when a token
              of your own issuer is first seen.
            </EmptyState>
          ) : (
            <EmptyState title="Nobody fits">Search for the beginning of a name, an address or a sub.</EmptyState>
          )
        }
      >
        {(all) => (
          <>
            <Table
              name="subjects"
              label="End users"
              columns={COLUMNS}
              rows={all}
              id={({ ref }) => ref}
              href={addressOf}
              open={(subject) => go(addressOf(subject))}
              current={opened?.ref}
              bar={<LongListHead list={list} count={all.length} one="end user" many="end users" />}
            />
            <LongListFoot list={list} />
          </>
        )}
      </Listing>
      {open && <SubjectDrawer key={`${open.issuer}|${open.sub}`} who={open} onChanged={list.reload} onClose={() => go(LIST + search)} />}
    </>
  );
}

import { Plus } from "lucide";
import type { Invitation, Member } from "../../../contract/access.ts";
import { collect } from "../../lib/collect.ts";
import { now } from "../../lib/clock.ts";
import { plural } from "../../lib/format.ts";
import { go, place } from "../../lib/location.ts";
import { useOpenName } from "../../lib/open-name.ts";
import { useResource } from "../../lib/resource.ts";
import { Button, LinkButton } from "../../ui/button.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { toast } from "../../ui/toast.tsx";
import { When } from "../../ui/when.tsx";
import { asError } from "../../lib/resource.ts";
import { api } from "../api.ts";
import { Listing } from "../listing.tsx";
import type { PageProps } from "../pages.ts";
import { InviteMember } from "./invite-member.tsx";
import { MemberDrawer } from "./member-drawer.tsx";

const LIST = "/console/control/members";

function addressOf({ id }: Member): string {
  return `${LIST}/${encodeURIComponent(id)}${place.value.search}`;
}

const COLUMNS: readonly [Column<Member>, ...Column<Member>[]] = [
  { key: "name", title: "Name", value: ({ name }) => name },
  { key: "email", title: "Email", value: ({ email }) => email, wide: true },
  { key: "role", title: "Role", value: ({ role }) => role },
  { key: "joined", title: "Joined", number: true, value: ({ joinedAt }) => joinedAt, cell: ({ joinedAt }) => <When at={joinedAt} /> },
];

function invitationColumns(onCancel: (invitation: Invitation) => void): readonly [Column<Invitation>, ...Column<Invitation>[]] {
  return [
    { key: "email", title: "Email", value: ({ email }) => email },
    { key: "role", title: "Role", value: ({ role }) => role },
    {
      key: "expires",
      title: "Link works until",
      number: true,
      wide: true,
      value: ({ expiresAt }) => expiresAt,
      cell: ({ expiresAt }) => <When at={expiresAt} />,
    },
    {
      key: "cancel",
      title: "Cancel",
      acts: true,
      number: true,
      value: () => null,
      cell: (invitation) => (
        <Button kind="quiet" onClick={() => onCancel(invitation)}>
          Cancel
        </Button>
      ),
    },
  ];
}

/** Who may come in, and who is invited. */
export default function MembersPage({ params }: PageProps) {
  const members = useResource("members", (signal) => collect((page) => api.members.list(page, { signal })), 30_000);
  const invitations = useResource("invitations", (signal) => collect((page) => api.invitations.list(page, { signal })), 30_000);
  const rows = members.data.value;
  const open = params["member"];
  const opened = rows?.find(({ id }) => id === open);
  useOpenName(opened?.name);
  const close = () => go(LIST + place.value.search);
  const pending = invitations.data.value?.filter(({ state, expiresAt }) => state === "pending" && Date.parse(expiresAt) > now.value) ?? [];
  const owners = rows?.filter(({ role }) => role === "owner").length ?? 0;

  const cancel = (invitation: Invitation) => {
    api.invitations.cancel(invitation.id).then(
      () => {
        toast(`The invitation of ${invitation.email} is cancelled; its link no longer works.`);
        invitations.reload();
      },
      (failure: unknown) => toast(asError(failure).detail, { tone: "critical" }),
    );
  };

  return (
    <>
      {rows && (
        <PageHead
          tone={owners === 1 && rows.length > 1 ? "info" : "ok"}
          headline={plural(rows.length, "member")}
          detail={`${plural(owners, "owner")}${owners === 1 && rows.length > 1 ? ": a second one keeps you from being locked out" : ""}${pending.length > 0 ? ` · ${plural(pending.length, "open invitation")}` : ""}`}
          actions={
            <LinkButton href={`${LIST}/new`} kind="primary" icon={Plus}>
              Invite a member
            </LinkButton>
          }
        />
      )}
      <Listing of={members} what="members" empty={null}>
        {(all) => (
          <Table
            name="members"
            label="Members"
            columns={COLUMNS}
            rows={all}
            id={({ id }) => id}
            href={addressOf}
            open={(member) => go(addressOf(member))}
            current={open}
          />
        )}
      </Listing>
      {pending.length > 0 && (
        <section class="section">
          <h2>Open invitations</h2>
          <Table name="invitations" label="Open invitations" columns={invitationColumns(cancel)} rows={pending} id={({ id }) => id} />
        </section>
      )}
      {open === "new" && <InviteMember onInvited={invitations.reload} onClose={close} />}
      {open !== undefined && open !== "new" && rows && <MemberDrawer key={open} of={opened} onChanged={members.reload} onClose={close} />}
    </>
  );
}

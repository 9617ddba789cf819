import { useSignal } from "@preact/signals";
import type { Member, RoomRole } from "../../../contract/rooms.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { When } from "../../ui/when.tsx";
import { Avatar } from "./avatar.tsx";
import type { OpenRoom } from "./use-room.ts";

const MUTE_MS = 3_600_000;

/** Who is in the room, and what those who keep order may do about it. */
export function Members({ opened, own, onClose }: { opened: OpenRoom; own: string; onClose: () => void }) {
  const { client, api, members, view } = opened;
  const problem = useSignal<string | undefined>(undefined);
  const invited = useSignal("");
  void opened.turn.value;
  const act = (work: () => Promise<unknown>) => {
    problem.value = undefined;
    work().catch((error: unknown) => (problem.value = asError(error).detail));
  };
  const role = view.value?.me?.role;
  const moderates = role === "owner" || role === "admin";
  const listed = [...members.value.values()].filter(({ state }) => state === "active" || state === "invited");
  return (
    <Drawer title="Members" label="Members" onClose={onClose}>
      {moderates && view.value?.kind !== "direct" && (
        <form
          class="chat-start"
          onSubmit={(event) => {
            event.preventDefault();
            const subject = invited.value.trim();
            if (subject === "") return;
            act(async () => {
              await api.putMember(client.room, subject, { state: "invited" });
              invited.value = "";
            });
          }}
        >
          <input
            aria-label="Person to invite, as issuer|sub"
            placeholder="hosted|…"
            value={invited.value}
            onInput={(event) => (invited.value = event.currentTarget.value)}
          />
          <Button type="submit">Invite</Button>
        </form>
      )}
      {problem.value && (
        <p class="field-error" role="alert">
          {problem.value}
        </p>
      )}
      <ul class="member-list">
        {listed.map((member) => (
          <li key={member.subject}>
            <Person
              member={member}
              presence={client.presence.get(member.subject)?.state ?? member.presence}
              isOwn={member.subject === own}
            />
            {moderates && mayModerate(role, member, own) && (
              <span class="member-acts">
                {member.mutedUntil === null ? (
                  <Button
                    kind="quiet"
                    onClick={() =>
                      act(
                        async () =>
                          await api.putMember(client.room, member.subject, { mutedUntil: new Date(Date.now() + MUTE_MS).toISOString() }),
                      )
                    }
                  >
                    Mute 1 h
                  </Button>
                ) : (
                  <Button
                    kind="quiet"
                    onClick={() => act(async () => await api.putMember(client.room, member.subject, { mutedUntil: null }))}
                  >
                    Unmute
                  </Button>
                )}
                <Button
                  kind="danger"
                  onClick={() => act(async () => await api.putMember(client.room, member.subject, { state: "banned" }))}
                >
                  Ban
                </Button>
              </span>
            )}
            {member.subject === own && view.value?.kind !== "direct" && (
              <Button kind="quiet" onClick={() => act(async () => await api.removeMember(client.room, own))}>
                Leave
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Drawer>
  );
}

function mayModerate(role: RoomRole | undefined, member: Member, own: string): boolean {
  if (member.subject === own) return false;
  return role === "owner" || (role === "admin" && member.role !== "owner" && member.role !== "admin");
}

function Person({ member, presence, isOwn }: { member: Member; presence: Member["presence"]; isOwn: boolean }) {
  const name = member.name || member.subject.slice(member.subject.indexOf("|") + 1);
  return (
    <span class="member">
      <Avatar name={name} id={member.subject} url={member.avatarUrl} presence={presence} />
      <span>
        <strong>{name}</strong>
        {isOwn && " (you)"}
        <br />
        <span class="muted">
          {member.role}
          {member.state === "invited" ? ", invited" : ""}
          {member.mutedUntil === null ? "" : ", muted"} ·{" "}
          {presence === "offline" ? (
            <>
              last here <When at={member.lastSeenAt} />
            </>
          ) : (
            presence
          )}
        </span>
      </span>
    </span>
  );
}

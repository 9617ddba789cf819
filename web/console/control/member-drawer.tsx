import { useSignal } from "@preact/signals";
import type { Member } from "../../../contract/access.ts";
import type { Role } from "../../../contract/permissions.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { EmptyState } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { me } from "../session.ts";
import { RoleChoice } from "./role-choice.tsx";

/** One member: their role, which can be changed and taken back, and their removal. */
export function MemberDrawer({ of, onChanged, onClose }: { of: Member | undefined; onChanged: () => void; onClose: () => void }) {
  const removing = useSignal(false);
  const shown = useSignal<Role | undefined>(undefined);
  if (!of) {
    return (
      <Drawer title="No such member" label="No such member" onClose={onClose}>
        <EmptyState title="Nobody here has this id">They may have been removed meanwhile.</EmptyState>
      </Drawer>
    );
  }
  const own = of.userId === me.value?.id;

  const setRole = async (role: Role, undoTo?: Role) => {
    // Shown at once, and rolled back with the reason when the server refuses.
    shown.value = role;
    try {
      await api.members.setRole(of.id, role);
      toast(`${of.name} is ${role} now.`, undoTo === undefined ? {} : { undo: () => void setRole(undoTo) });
    } catch (failure) {
      toast(`${of.name} stays ${of.role}: ${asError(failure).detail}`, { tone: "critical" });
    }
    shown.value = undefined;
    onChanged();
  };

  return (
    <Drawer
      title={of.name}
      label={`Member ${of.name}`}
      onClose={onClose}
      foot={
        !own && (
          <Button kind="danger" onClick={() => (removing.value = true)}>
            Remove
          </Button>
        )
      }
    >
      <dl class="facts">
        <dt>Email</dt>
        <dd>{of.email}</dd>
        <dt>Joined</dt>
        <dd>
          <When at={of.joinedAt} />
        </dd>
      </dl>
      {own ? (
        <p class="muted">You are {of.role}. Another owner or admin can change your role or remove you.</p>
      ) : (
        <RoleChoice value={shown.value ?? of.role} onChange={(role) => void setRole(role, of.role)} />
      )}
      {removing.value && (
        <Confirm
          title={`Remove ${of.name}`}
          verb="Remove the member"
          onClose={() => (removing.value = false)}
          act={async () => {
            await api.members.remove(of.id);
            toast(`${of.name} is removed.`);
            onChanged();
            onClose();
          }}
        >
          <p>
            {of.name} ({of.email}) loses access at once: their sessions here end and their sockets are closed. Keys they created keep
            working. They can be invited again.
          </p>
        </Confirm>
      )}
    </Drawer>
  );
}

import { type Role, ROLES } from "../../../contract/permissions.ts";
import { me } from "../session.ts";
import { ROLE_WORDS } from "./role-words.ts";

/** The roles as radio buttons, each with what it is for. Only an owner makes owners. */
export function RoleChoice({ value, onChange }: { value: Role; onChange: (role: Role) => void }) {
  return (
    <fieldset class="plain">
      <legend>Role</legend>
      <div class="choices">
        {ROLES.map((role) => (
          <label key={role} class="choice">
            <input
              type="radio"
              name="role"
              checked={value === role}
              disabled={role === "owner" && me.value?.role !== "owner"}
              onChange={() => onChange(role)}
            />
            {role}
            <span class="muted">{ROLE_WORDS[role]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

import type { Role } from "../../../contract/permissions.ts";

/** What a role is for, in the words of the form. */
export const ROLE_WORDS: Record<Role, string> = {
  owner: "everything, and other owners",
  admin: "people, keys and settings, and all that an operator may",
  operator: "runs the product: configures agents, replays dead letters",
  developer: "sends and reads data, changes nobody's settings",
  viewer: "reads",
  auditor: "reads events and the audit log, nothing else",
};

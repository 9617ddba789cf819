/** The roles an operator can hold in a tenant. They are not a ladder: an auditor reads what an operator may not. */
export const ROLES = ["owner", "admin", "operator", "developer", "viewer", "auditor"] as const;
export type Role = (typeof ROLES)[number];

interface ActionRule {
  /** Roles whose operators may do it. */
  readonly roles: readonly Role[];
  /** Whether a service key may carry it as a scope of the same name. */
  readonly scope: boolean;
  /** Whether only a deployment admin may do it, whatever the role. */
  readonly deployment?: true;
  /** What the grants are called that may give it to a subject, on things that they name: a kind of {@link Grant}. */
  readonly grant?: string;
  readonly summary: string;
}

const everyone = ROLES;
const readers = ["owner", "admin", "operator", "developer", "viewer"] as const;
const builders = ["owner", "admin", "operator", "developer"] as const;
const operators = ["owner", "admin", "operator"] as const;
const admins = ["owner", "admin"] as const;

/** The one table of who may do what. Every route names one of these actions, or `open`. */
export const ACTIONS = {
  "self:read": { roles: everyone, scope: true, summary: "see one's own identity, tenant and permissions" },
  "metrics:write": { roles: builders, scope: true, summary: "send samples" },
  "metrics:read": { roles: readers, scope: true, grant: "metrics", summary: "query series and hosts" },
  "metrics:manage": { roles: operators, scope: true, summary: "import and delete series, change how metrics are kept" },
  "agents:connect": { roles: [], scope: true, summary: "connect as a host agent" },
  "agents:read": { roles: readers, scope: true, summary: "list agents with their health" },
  "agents:manage": { roles: operators, scope: true, summary: "configure agents" },
  "keys:manage": { roles: admins, scope: false, summary: "create, list and revoke API keys" },
  "members:manage": { roles: admins, scope: false, summary: "invite, list, change and remove members" },
  "live:connect": { roles: everyone, scope: true, summary: "open a live socket" },
  "leaderboards:read": { roles: readers, scope: true, grant: "board", summary: "read boards, ranks and feeds" },
  "leaderboards:submit": { roles: builders, scope: true, grant: "board", summary: "submit scores" },
  "leaderboards:manage": { roles: builders, scope: true, summary: "create, change and delete boards, import, erase players" },
  "leaderboards:review": { roles: operators, scope: true, summary: "judge suspicious players" },
  "sorted-sets:read": { roles: readers, scope: true, summary: "read sorted sets over the Redis protocol" },
  "sorted-sets:write": { roles: builders, scope: true, summary: "change sorted sets over the Redis protocol" },
  "rooms:create": { roles: builders, scope: true, grant: "room", summary: "create rooms" },
  "rooms:read": { roles: readers, scope: true, grant: "room", summary: "read rooms, members and messages" },
  "rooms:write": { roles: builders, scope: true, grant: "room", summary: "send, edit and delete messages, react, upload media" },
  "rooms:manage": { roles: operators, scope: true, grant: "room", summary: "change rooms and their members, import, remove" },
  "topics:read": { roles: readers, scope: true, grant: "topic", summary: "follow topics and read what they keep" },
  "topics:publish": { roles: builders, scope: true, grant: "topic", summary: "publish to topics" },
  "topics:manage": { roles: builders, scope: true, summary: "create, change and remove topics" },
  "realtime:read": { roles: readers, scope: true, summary: "see live connections and their figures" },
  "realtime:operate": { roles: operators, scope: true, summary: "end live connections" },
  "events:read": { roles: [...readers, "auditor"], scope: true, summary: "list events, dead letters and spine health" },
  "events:replay": { roles: operators, scope: true, summary: "replay dead letters" },
  "audit:read": { roles: ["owner", "admin", "auditor"], scope: true, summary: "read and verify the audit log" },
  "tenant:manage": { roles: admins, scope: false, summary: "change the tenant's settings" },
  "tokens:mint": { roles: [], scope: true, summary: "mint tokens for end users" },
  "tokens:revoke": { roles: operators, scope: true, summary: "revoke tokens, subjects and issuers" },
  "subjects:read": { roles: readers, scope: true, summary: "search end users and their sessions" },
  "subjects:manage": { roles: operators, scope: true, summary: "sign end users out and delete them" },
  "access:explain": { roles: [...builders, "auditor"], scope: true, summary: "ask which grant allows something" },
  "public:read": { roles: [], scope: false, summary: "read what the tenant has made public, at its door" },
  "subjects:register": { roles: [], scope: false, summary: "register a hosted account, at the tenant's door" },
  "subjects:login": { roles: [], scope: false, summary: "log in to a hosted account, at the tenant's door" },
  "subjects:refresh": { roles: [], scope: false, summary: "renew a hosted account's token, at the tenant's door" },
  "platform:manage": { roles: [], scope: false, deployment: true, summary: "manage the deployment's key ring and backups" },
  "platform:read": { roles: [], scope: true, deployment: true, summary: "read the deployment's own metrics" },
} as const satisfies Record<string, ActionRule>;

export type Action = keyof typeof ACTIONS;
/** What a route may name: an action of the table, or `open` for what needs no credential. */
export type RouteAction = Action | "open";
export const ACTION_NAMES = Object.keys(ACTIONS) as readonly Action[]; // the keys of a const object are its key type

/** An action that a service key may carry. */
export type Scope = { [A in Action]: (typeof ACTIONS)[A]["scope"] extends true ? A : never }[Action];
export const SCOPES = ACTION_NAMES.filter((action): action is Scope => ACTIONS[action].scope);

/** Whether an operator of this role may do this. Deployment actions need a deployment admin and look at nothing else. */
export function roleMay(role: Role, action: Action, deploymentAdmin: boolean): boolean {
  const rule: ActionRule = ACTIONS[action];
  return rule.deployment === true ? deploymentAdmin : rule.roles.includes(role);
}

/** Whether a service key with these scopes may do this. `self:read` comes with every key. */
export function scopesMay(scopes: readonly string[], action: Action): boolean {
  return action === "self:read" || (ACTIONS[action].scope && scopes.includes(action));
}

/** Every action an operator of this role has; what a key minted by them may carry is the part of it that is a scope. */
export function actionsOfRole(role: Role, deploymentAdmin: boolean): Action[] {
  return ACTION_NAMES.filter((action) => roleMay(role, action, deploymentAdmin));
}

import { relations } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/**
 * Tables of the D1 database `DB`. `identity_*` are better-auth's (core and organizations; an organization's id is the tenant
 * id) and this database is their only home. `control_*` are projections of what objects own, never written by a route, except
 * for the outbox and the idempotency records of what lives only here.
 */
const instant = (name: string) => integer(name, { mode: "timestamp_ms" });

export const identityUser = sqliteTable("identity_user", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  /** Always lower case. */
  email: text("email").notNull().unique(),
  emailVerified: integer("email_verified", { mode: "boolean" }).notNull().default(false),
  image: text("image"),
  twoFactorEnabled: integer("two_factor_enabled", { mode: "boolean" }).default(false),
  createdAt: instant("created_at").notNull(),
  updatedAt: instant("updated_at").notNull(),
});

export const identitySession = sqliteTable(
  "identity_session",
  {
    id: text("id").primaryKey(),
    /** Worthless by itself: a cookie carries it signed with the deployment's key ring. */
    token: text("token").notNull().unique(),
    userId: text("user_id")
      .notNull()
      .references(() => identityUser.id, { onDelete: "cascade" }),
    activeOrganizationId: text("active_organization_id"),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    expiresAt: instant("expires_at").notNull(),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [index("identity_session_user").on(table.userId), index("identity_session_expiry").on(table.expiresAt)],
);

export const identityAccount = sqliteTable(
  "identity_account",
  {
    id: text("id").primaryKey(),
    accountId: text("account_id").notNull(),
    providerId: text("provider_id").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => identityUser.id, { onDelete: "cascade" }),
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    accessTokenExpiresAt: instant("access_token_expires_at"),
    refreshTokenExpiresAt: instant("refresh_token_expires_at"),
    scope: text("scope"),
    /** scrypt, as `workers/control/auth-password.ts` writes it. */
    password: text("password"),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [index("identity_account_user").on(table.userId)],
);

export const identityVerification = sqliteTable(
  "identity_verification",
  {
    id: text("id").primaryKey(),
    identifier: text("identifier").notNull(),
    value: text("value").notNull(),
    expiresAt: instant("expires_at").notNull(),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [index("identity_verification_identifier").on(table.identifier)],
);

/** A person's one-time codes (TOTP); secret and backup codes sealed by the library with the session secret of the key ring. */
export const identityTwoFactor = sqliteTable(
  "identity_two_factor",
  {
    id: text("id").primaryKey(),
    secret: text("secret").notNull(),
    backupCodes: text("backup_codes").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => identityUser.id, { onDelete: "cascade" }),
    verified: integer("verified", { mode: "boolean" }).default(true),
    failedVerificationCount: integer("failed_verification_count").default(0),
    lockedUntil: instant("locked_until"),
  },
  (table) => [index("identity_two_factor_user").on(table.userId)],
);

/** A person's passkeys (WebAuthn); public parts only. */
export const identityPasskey = sqliteTable(
  "identity_passkey",
  {
    id: text("id").primaryKey(),
    name: text("name"),
    publicKey: text("public_key").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => identityUser.id, { onDelete: "cascade" }),
    credentialID: text("credential_id").notNull().unique(),
    counter: integer("counter").notNull(),
    deviceType: text("device_type").notNull(),
    backedUp: integer("backed_up", { mode: "boolean" }).notNull(),
    transports: text("transports"),
    createdAt: instant("created_at"),
    aaguid: text("aaguid"),
  },
  (table) => [index("identity_passkey_user").on(table.userId)],
);

/** The list of tenants that exist: no object of a tenant is touched unless its id is here. */
export const identityOrganization = sqliteTable("identity_organization", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  slug: text("slug").notNull().unique(),
  logo: text("logo"),
  metadata: text("metadata"),
  createdAt: instant("created_at").notNull(),
});

export const identityMember = sqliteTable(
  "identity_member",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => identityOrganization.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => identityUser.id, { onDelete: "cascade" }),
    role: text("role").notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [uniqueIndex("identity_member_once").on(table.organizationId, table.userId), index("identity_member_user").on(table.userId)],
);

export const identityInvitation = sqliteTable(
  "identity_invitation",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => identityOrganization.id, { onDelete: "cascade" }),
    email: text("email").notNull(),
    role: text("role"),
    /** better-auth's words: pending, accepted, rejected, canceled. Expiry is judged when read. */
    status: text("status").notNull().default("pending"),
    inviterId: text("inviter_id")
      .notNull()
      .references(() => identityUser.id, { onDelete: "cascade" }),
    /** SHA-256 of the link's token, hex. The token itself is shown once. */
    tokenHash: text("token_hash").unique(),
    expiresAt: instant("expires_at").notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (table) => [index("identity_invitation_organization").on(table.organizationId, table.createdAt)],
);

/** Of the Tenant object: what is searched and joined. A lower `seq` than the stored one is an old event and changes nothing. */
export const controlTenant = sqliteTable("control_tenant", {
  tenantId: text("tenant_id").primaryKey(),
  slug: text("slug").notNull(),
  name: text("name").notNull(),
  plan: text("plan").notNull(),
  /** JSON. */
  settings: text("settings").notNull(),
  keysVersion: integer("keys_version").notNull(),
  seq: integer("seq").notNull(),
});

export const controlKey = sqliteTable(
  "control_key",
  {
    tenantId: text("tenant_id").notNull(),
    keyId: text("key_id").notNull(),
    name: text("name").notNull(),
    /** JSON array. */
    scopes: text("scopes").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at"),
    revokedAt: integer("revoked_at"),
    seq: integer("seq").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.keyId] })],
);

/** Of the Subjects objects: end users as operators search them. `search` is name, address and sub in lower case, a line each. */
export const identitySubject = sqliteTable(
  "identity_subject",
  {
    tenantId: text("tenant_id").notNull(),
    ref: text("ref").notNull(),
    issuer: text("issuer").notNull(),
    sub: text("sub").notNull(),
    name: text("name").notNull(),
    email: text("email"),
    guest: integer("guest", { mode: "boolean" }).notNull(),
    createdAt: integer("created_at").notNull(),
    lastSeenAt: integer("last_seen_at").notNull(),
    search: text("search").notNull(),
    /** The emitting object: seqs of two objects are not comparable, and a subject never moves. */
    source: text("source").notNull(),
    seq: integer("seq").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.ref] }),
    index("identity_subject_newest").on(table.tenantId, table.createdAt, table.ref),
  ],
);

/** Hosts that lead to a tenant's door, each proved; whoever proved it first has it. */
export const controlHost = sqliteTable("control_host", {
  host: text("host").primaryKey(),
  tenantId: text("tenant_id").notNull(),
  verifiedAt: integer("verified_at").notNull(),
});

/** Backups of the node and of tenants, newest shown first. */
export const controlBackup = sqliteTable(
  "control_backup",
  {
    id: text("id").primaryKey(),
    /** `node`, or a tenant's id. */
    scope: text("scope").notNull(),
    state: text("state").notNull(),
    startedAt: integer("started_at").notNull(),
    finishedAt: integer("finished_at"),
    target: text("target").notNull(),
    bytes: integer("bytes").notNull().default(0),
    objects: integer("objects").notNull().default(0),
    rows: integer("rows").notNull().default(0),
    checksum: text("checksum"),
    problem: text("problem"),
  },
  (table) => [index("control_backup_scope").on(table.scope, table.startedAt)],
);

/** How far the walk has come that makes anew, with the current key of the ring, what older ones made. One row per ring id that was current. */
export const controlResealWalk = sqliteTable("control_reseal_walk", {
  ringId: text("ring_id").primaryKey(),
  startedAt: integer("started_at").notNull(),
  /** JSON, `WalkPlace` of workers/control/platform-walk-store.ts; null before the first object. */
  cursor: text("cursor"),
  walked: integer("walked").notNull().default(0),
  resealed: integer("resealed").notNull().default(0),
  finishedAt: integer("finished_at"),
});

/** The registry of objects that erase, export, backup and restore walk. */
export const controlObject = sqliteTable(
  "control_object",
  {
    tenantId: text("tenant_id").notNull(),
    kind: text("kind").notNull(),
    name: text("name").notNull(),
    jurisdiction: text("jurisdiction"),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.kind, table.name] })],
);

/**
 * Changes of what lives only here, written in one batch with the change itself; the Tenant object turns each into an audit
 * entry and an event, once, and then the row goes.
 */
export const controlOutbox = sqliteTable("control_outbox", {
  seq: integer("seq").primaryKey({ autoIncrement: true }),
  tenantId: text("tenant_id").notNull(),
  /** UUIDv7, by which the Tenant object knows a repeated delivery. */
  id: text("id").notNull().unique(),
  /** JSON: who did it and in which request. */
  meta: text("meta").notNull(),
  /** JSON: the audit note. */
  note: text("note").notNull(),
  /** JSON: the event. */
  event: text("event").notNull(),
  createdAt: integer("created_at").notNull(),
});

/** Answers of changes to what lives only here, for replays of an Idempotency-Key within 24 h. */
export const controlIdempotency = sqliteTable(
  "control_idempotency",
  {
    tenantId: text("tenant_id").notNull(),
    actor: text("actor").notNull(),
    key: text("key").notNull(),
    route: text("route").notNull(),
    bodyHash: text("body_hash").notNull(),
    /** JSON of the answer; null when it held a secret, whose replay is refused. */
    answer: text("answer"),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.actor, table.key] }), index("control_idempotency_age").on(table.createdAt)],
);

/**
 * better-auth reads what belongs together in one query by these: a person with their accounts, so that unknown and known
 * people cost the same, and a session with its person. It looks them up by name: singular for one, with an `s` for many.
 */
export const identityUserRelations = relations(identityUser, ({ many }) => ({
  accounts: many(identityAccount),
  sessions: many(identitySession),
  members: many(identityMember),
  twoFactors: many(identityTwoFactor),
  passkeys: many(identityPasskey),
}));
export const identityTwoFactorRelations = relations(identityTwoFactor, ({ one }) => ({
  user: one(identityUser, { fields: [identityTwoFactor.userId], references: [identityUser.id] }),
}));
export const identityPasskeyRelations = relations(identityPasskey, ({ one }) => ({
  user: one(identityUser, { fields: [identityPasskey.userId], references: [identityUser.id] }),
}));
export const identityAccountRelations = relations(identityAccount, ({ one }) => ({
  user: one(identityUser, { fields: [identityAccount.userId], references: [identityUser.id] }),
}));
export const identitySessionRelations = relations(identitySession, ({ one }) => ({
  user: one(identityUser, { fields: [identitySession.userId], references: [identityUser.id] }),
}));
export const identityOrganizationRelations = relations(identityOrganization, ({ many }) => ({
  members: many(identityMember),
  invitations: many(identityInvitation),
}));
export const identityMemberRelations = relations(identityMember, ({ one }) => ({
  user: one(identityUser, { fields: [identityMember.userId], references: [identityUser.id] }),
  organization: one(identityOrganization, { fields: [identityMember.organizationId], references: [identityOrganization.id] }),
}));
export const identityInvitationRelations = relations(identityInvitation, ({ one }) => ({
  organization: one(identityOrganization, { fields: [identityInvitation.organizationId], references: [identityOrganization.id] }),
}));

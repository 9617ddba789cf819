import { env } from "cloudflare:test";
import { parseObjectName } from "../../contract/address.ts";
import type { ObjectNamespace } from "../../contract/address.ts";
import type { Thing } from "../../contract/grants.ts";
import { FIRST_METRIC_SETTINGS } from "../../contract/metric-settings.ts";
import { accept } from "../../contract/problems.ts";
import type { TenantRpc } from "../../contract/rpc/tenant.ts";
import { FIRST_SETTINGS, type TenantSettings } from "../../contract/settings.ts";
import type { EdgeEnv } from "../env.ts";

/** A tenant in D1 whose object is a fake: what isolates are told of it, and how often they asked. */
export interface FakeTenant {
  readonly tenantId: string;
  readonly slug: string;
  readonly asked: { access: number };
  /** What its object tells from now on. */
  tell(changed: { readonly settings?: Partial<TenantSettings>; readonly publicThings?: readonly Thing[] }): void;
  broken: boolean;
}

let made = 0;

/** Tenants with doors, and the bindings that lead to them. `reads` counts the statements that D1 was given. */
export function fakeTenants(): {
  readonly bindings: Pick<EdgeEnv, "DB" | "TENANT">;
  readonly reads: { n: number };
  readonly add: () => Promise<FakeTenant>;
  /** Writes whose door a host is, as a verification would. */
  readonly prove: (host: string, tenant: FakeTenant) => Promise<void>;
} {
  const objects = new Map<string, TenantRpc>();
  const reads = { n: 0 };
  const DB = new Proxy(env.DB, {
    get(target, name) {
      if (name === "prepare") reads.n += 1;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const nobody: Partial<TenantRpc> = { access: async () => null };
  const TENANT: ObjectNamespace<TenantRpc> = {
    getByName: (name) => objects.get(parseObjectName(name).tenantId) ?? (nobody as TenantRpc), // the one method that a door calls
  };
  return {
    bindings: { DB, TENANT },
    reads,
    async add() {
      const tenantId = `door-${++made}-${crypto.randomUUID().slice(0, 8)}`;
      const slug = `s-${tenantId}`;
      await env.DB.prepare("INSERT INTO identity_organization (id, name, slug, created_at) VALUES (?1, ?1, ?2, 0)")
        .bind(tenantId, slug)
        .run();
      const tenant = fakeTenant(tenantId, slug);
      objects.set(tenantId, tenant.object);
      return tenant;
    },
    async prove(host, { tenantId }) {
      await env.DB.prepare("INSERT OR REPLACE INTO control_host (host, tenant_id, verified_at) VALUES (?, ?, 0)")
        .bind(host, tenantId)
        .run();
    },
  };
}

function fakeTenant(tenantId: string, slug: string): FakeTenant & { readonly object: TenantRpc } {
  const asked = { access: 0 };
  let config = {
    slug,
    settings: FIRST_SETTINGS,
    metrics: FIRST_METRIC_SETTINGS,
    issuers: [],
    publicThings: [] as readonly Thing[],
    signingKeys: [],
  };
  let version = 1;
  const tenant = {
    tenantId,
    slug,
    asked,
    broken: false,
    tell({ settings, publicThings }: Parameters<FakeTenant["tell"]>[0]) {
      config = { ...config, settings: { ...config.settings, ...settings }, publicThings: publicThings ?? config.publicThings };
      version += 1;
    },
  };
  const object: Partial<TenantRpc> = {
    async access() {
      asked.access += 1;
      if (tenant.broken) throw new Error("object is away");
      return { keysVersion: version, configVersion: version, config, revocations: [], revocationSeq: 0, more: false };
    },
    audit: async () => accept(null),
  };
  return Object.assign(tenant, { object: object as TenantRpc }); // the methods that the door calls
}

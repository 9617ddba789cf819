import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { Tenant as TenantView } from "../../contract/access.ts";
import type { PlanName } from "../../contract/plans.ts";
import { FIRST_SETTINGS } from "../../contract/settings.ts";
import type { ChangeOptions, ObjectKit } from "../kit/object-kit.ts";
import { audited, type TenantChange } from "./tenant-change.ts";
import { FIRST_VERSIONS, type Profile } from "./tenant-profile.ts";
import type { TenantStores } from "./tenant-stores.ts";

const NO_TENANT = "There is no such tenant.";

/** The way to a tenant's state: reads and changes behind the kit's gate, and none of either for a tenant that nobody created. */
export class TenantDesk {
  readonly kit: ObjectKit;
  readonly stores: TenantStores;
  #exists = false;

  constructor(kit: ObjectKit, stores: TenantStores) {
    this.kit = kit;
    this.stores = stores;
  }

  async create(input: { slug: string; name: string; plan: PlanName }, meta: CallMeta): Promise<Outcome<TenantView>> {
    return await this.kit.change(meta, (now) => {
      const known = this.stores.profile.find();
      if (known) {
        if (known.slug === input.slug) return accept(this.view(known)); // a caller that did not hear the first answer
        return refuse("conflict", "This tenant exists under another slug.");
      }
      const profile: Profile = { ...input, ...FIRST_VERSIONS, settings: FIRST_SETTINGS, mailSecret: null, createdAt: now };
      const change = this.#changeOf(profile, meta, now);
      return audited(
        change,
        { action: "tenant.create", target: "tenant", detail: { slug: input.slug, name: input.name, plan: input.plan } },
        () => {
          this.stores.profile.insert(profile);
          change.emit({ type: "meridian.tenant.created", subject: "tenant", data: tenantEventData(profile, meta) });
          return accept(this.view(profile));
        },
        () => ({}),
      );
    });
  }

  view({ slug, name, plan, createdAt }: Profile): TenantView {
    return { id: this.kit.address.tenantId, slug, name, plan, createdAt: new Date(createdAt).toISOString() };
  }

  /** @param absent the answer for a tenant that nobody created */
  async read<T>(absent: () => T, work: (profile: Profile, now: number) => T): Promise<T> {
    if (!this.isCreated()) return absent();
    return await this.kit.read(() => {
      const profile = this.stores.profile.find();
      return profile ? work(profile, this.kit.now()) : absent();
    });
  }

  /** A read that refuses for a tenant that nobody created. */
  async ask<T>(work: (profile: Profile, now: number) => Outcome<T>): Promise<Outcome<T>> {
    return await this.read<Outcome<T>>(() => refuse("not-found", NO_TENANT), work);
  }

  async change<T>(meta: CallMeta, work: (change: TenantChange) => Outcome<T>, options?: ChangeOptions): Promise<Outcome<T>> {
    if (!this.isCreated()) return refuse("not-found", NO_TENANT);
    return await this.kit.change(meta, (now) => this.#work(meta, now, work), options);
  }

  /** Like `change`, for one that has to await something first. */
  async changeAfter<P, T>(
    meta: CallMeta,
    prepare: () => Promise<P>,
    work: (prepared: P, change: TenantChange) => Outcome<T>,
    options?: ChangeOptions,
  ): Promise<Outcome<T>> {
    if (!this.isCreated()) return refuse("not-found", NO_TENANT);
    return await this.kit.changeAfter(meta, prepare, (prepared, now) => this.#work(meta, now, (change) => work(prepared, change)), options);
  }

  /** Looked up before the kit's gate, whose first passing writes: a name that nobody created must cost no row. */
  isCreated(): boolean {
    this.#exists ||= this.kit.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'tenant_profile'").toArray().length > 0;
    return this.#exists;
  }

  #work<T>(meta: CallMeta, now: number, work: (change: TenantChange) => Outcome<T>): Outcome<T> {
    const profile = this.stores.profile.find();
    return profile ? work(this.#changeOf(profile, meta, now)) : refuse("not-found", NO_TENANT);
  }

  #changeOf(profile: Profile, meta: CallMeta, now: number): TenantChange {
    return {
      now,
      meta,
      tenantId: this.kit.address.tenantId,
      profile,
      timers: this.kit.timers,
      note: (notes) => this.stores.audit.append(notes, meta, now),
      emit: (event) => this.kit.outbox.emit(event),
      advance: (about) => this.stores.profile.advance(about),
    };
  }
}

/** The whole profile, so that a projection needs no other event to be right. */
export function tenantEventData({ slug, name, plan, settings, keysVersion, createdAt }: Profile, meta: CallMeta) {
  return { slug, name, plan, settings, keysVersion, createdAt, actor: meta.actor };
}

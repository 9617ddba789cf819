import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { HOSTED, MINTED, SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import type { TokenReply } from "../../contract/subjects.ts";
import type { HostedAccount, RefreshFamily } from "../../contract/rpc/subjects.ts";
import { accessOf, noteKeysVersion, type TenantAccess } from "../http/access-cache.ts";
import { placeOfSubject, subjectsAt, tenantOf } from "../http/objects.ts";
import { makeRefreshHandle } from "../http/token-refresh.ts";
import { mintToken, TokenTooLong } from "../http/token-mint.ts";
import { objectCall, type SubjectScene } from "./subject-scene.ts";

/** What an isolate knows of the tenant. @throws when it cannot be read */
export async function accessHere({ env, ctx, tenantId, now }: SubjectScene): Promise<TenantAccess> {
  const access = await accessOf(env, ctx, tenantId, now);
  if (!access) throw new Error("a tenant that exists has no object");
  return access;
}

/** The same as its object has it now: whoever has just changed something asks about that. @throws when it cannot be read */
export async function freshAccess(scene: SubjectScene): Promise<TenantAccess> {
  noteKeysVersion(scene.tenantId, await tenantOf(objectCall(scene)).keysVersion(), scene.now);
  return await accessHere(scene);
}

/** The tenant as far as its hosted accounts are switched on. */
export async function hostedHere(scene: SubjectScene): Promise<Outcome<TenantAccess>> {
  const access = await accessHere(scene);
  if (access.settings.hostedAccounts.enabled) return accept(access);
  return refuse("forbidden", "This tenant has no hosted accounts: its own application signs people in.");
}

/** Opens a family of refresh handles and makes its first token, for somebody who has just proved who they are. */
export async function openSession(
  scene: SubjectScene,
  access: TenantAccess,
  who: Omit<RefreshFamily, "familyId">,
): Promise<Outcome<TokenReply>> {
  const { now, tenantId, request, meta } = scene;
  const familyId = uuidv7(now, cryptoRandom);
  const place = placeOfSubject(who.issuer, who.sub);
  // First, and thrown away when the family is refused: a token that cannot be made must leave none behind.
  const token = await tokenOf(scene, access, { ...who, familyId });
  if (!token.ok) return token;
  const { handle, secretHash } = await makeRefreshHandle({ tenantId, place, familyId });
  const userAgent = request.headers.get("user-agent")?.slice(0, 200) ?? null;
  const opened = await subjectsAt(objectCall(scene), place).openFamily({ ...who, familyId, secretHash, userAgent }, meta);
  return opened.ok ? accept({ ...token.value, refreshHandle: handle }) : opened;
}

/** The family that a hosted account opens: its grants are the tenant's at each renewal. */
export function hostedFamily({ sub, name, avatarUrl, guest }: HostedAccount): Omit<RefreshFamily, "familyId"> {
  return { issuer: HOSTED, sub, name, avatarUrl, guest, minted: null, ttlSeconds: SUBJECT_LIMITS.tokenTtlS };
}

/** A token for the person behind a family. */
export async function tokenOf(
  { env, now, tenantId }: SubjectScene,
  access: TenantAccess,
  family: RefreshFamily,
): Promise<Outcome<Omit<TokenReply, "refreshHandle">>> {
  const { sub, name, avatarUrl, guest, minted, ttlSeconds, familyId } = family;
  const issuer = minted ? MINTED : HOSTED;
  const grants = minted?.grants ?? access.settings.defaultGrants;
  const content = { tenantId, issuer, sub, name, avatarUrl, guest, grants, familyId, keyId: minted?.keyId ?? null } as const;
  try {
    const { token, expiresAt } = await mintToken(env, access, content, ttlSeconds, now);
    return accept({ token, expiresAt: new Date(expiresAt).toISOString(), subject: { issuer, sub, name, guest } });
  } catch (error) {
    if (error instanceof TokenTooLong) return { ok: false, problem: error.problem };
    throw error;
  }
}

import type { ObjectKit } from "../kit/object-kit.ts";
import type { AccountStore } from "./subjects-accounts-store.ts";
import type { DirectoryStore } from "./subjects-directory-store.ts";
import type { FamilyStore } from "./subjects-families-store.ts";
import type { LoginStore } from "./subjects-logins-store.ts";

/** What the commands of a Subjects object work with. */
export interface SubjectsParts {
  readonly kit: ObjectKit;
  readonly accounts: AccountStore;
  readonly directory: DirectoryStore;
  readonly families: FamilyStore;
  readonly logins: LoginStore;
  /** Something will be over at this time: a sweep comes by then at the latest. Epoch milliseconds. */
  expireBy(dueAt: number): void;
  /** Rows went that are counted in memory. */
  recount(): void;
}

import { type Signal, signal } from "@preact/signals";
import type { MeridianUser, UserSubject } from "../../sdk/user.ts";

/** A user of the SDK as a page draws it. */
export interface UserState {
  readonly user: MeridianUser;
  /** Undefined until it is known whether somebody is signed in. */
  readonly subject: Signal<UserSubject | null | undefined>;
  /** Why that could not be found out. */
  readonly failure: Signal<unknown>;
}

/** Starts the user and follows it: who is signed in changes from every tab. */
export function followUser(user: MeridianUser): UserState {
  const subject = signal<UserSubject | null | undefined>(undefined);
  const failure = signal<unknown>(undefined);
  user.onChange((now) => (subject.value = now));
  user.start().then(
    (now) => (subject.value = now),
    (error: unknown) => {
      failure.value = error;
      subject.value = null;
    },
  );
  return { user, subject, failure };
}

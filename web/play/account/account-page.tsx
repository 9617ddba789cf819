import { UserSignIn } from "../../user/sign-in.tsx";
import type { UserState } from "../../user/user-state.ts";
import { Reading } from "./reading.tsx";

/** A tenant's door as an end user sees it: who one is there, and what one may read. */
export function AccountPage({ state, slug }: { state: UserState; slug: string }) {
  return (
    <main class="entrance">
      <h1 class="entrance-name">{slug}</h1>
      <UserSignIn state={state} />
      <Reading state={state} />
    </main>
  );
}

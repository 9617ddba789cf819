import { place } from "../lib/location.ts";
import { readQuery } from "../lib/url-state.ts";
import { Card } from "../ui/card.tsx";
import { CredentialForm } from "./credential-form.tsx";
import { deployment, lostSession, phase, signIn, signUp } from "./session.ts";
import { JoinPage } from "./join-page.tsx";

async function enter({ email, password }: { email: string; password: string }): Promise<void> {
  await signIn(email, password);
  // The password was right and still nobody is in: a person without a tenant, after a removal for example.
  if (phase.value === "signed-out") throw new Error("You belong to no tenant here. Ask an owner or admin for an invitation.");
}

function SignIn() {
  const open = deployment.value?.signUpOpen === true;
  if (open) {
    return (
      <Card title={<h1>Create the first account</h1>}>
        <p class="muted">Nobody has signed up here yet. The first account owns the deployment; everyone after it comes by invitation.</p>
        <CredentialForm verb="Create account" withName withSetupToken={deployment.value?.setupToken === true} submit={signUp} />
      </Card>
    );
  }
  return (
    <Card title={<h1>Sign in</h1>}>
      {lostSession.value && <p role="status">You are signed out: your session has ended. Signing in leads back to this page.</p>}
      {deployment.value?.demo && <p class="muted">The terminal that started this server shows the demo account.</p>}
      <CredentialForm verb="Sign in" withName={false} submit={enter} />
    </Card>
  );
}

/** What a person without a session sees: sign-in, the first sign-up, or an invitation. */
export function SignInPage() {
  const joining = place.value.path.startsWith("/console/join");
  return (
    <main class="entrance">
      <p class="entrance-name">{deployment.value?.name ?? "Meridian"}</p>
      {joining ? <JoinPage token={readQuery(place.value.search, "token")} /> : <SignIn />}
    </main>
  );
}

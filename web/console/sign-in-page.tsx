import { place } from "../lib/location.ts";
import { readQuery } from "../lib/url-state.ts";
import { Card } from "../ui/card.tsx";
import { Notice } from "../ui/states.tsx";
import { CredentialForm } from "./credential-form.tsx";
import { JoinPage } from "./join-page.tsx";
import { deployment, lostSession, phase, signUp } from "./session.ts";
import { SignInSteps } from "./sign-in-steps.tsx";

async function needTenant(): Promise<void> {
  // The proof was right and still nobody is in: a person without a tenant, after a removal for example.
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
      <SignInSteps verb="Sign in" onIn={needTenant} />
    </Card>
  );
}

/** Which deployment this is, so that nobody types a password into the wrong one. */
function Deployment() {
  const known = deployment.value;
  return (
    <header class="entrance-head">
      <p class="entrance-name">{known?.name ?? "Meridian"}</p>
      <p class="muted">{[location.host, known?.demo ? "demo" : [], known ? `version ${known.version}` : []].flat().join(" · ")}</p>
    </header>
  );
}

function Demo() {
  if (!deployment.value?.demo || deployment.value.signUpOpen) return null;
  return (
    <Notice tone="info">
      This is a demo. The address and the password of its account are in the terminal that started this server, and in{" "}
      <code>demo.json</code> of its state folder.
    </Notice>
  );
}

/** What a person without a session sees: sign-in, the first sign-up, or an invitation. */
export function SignInPage() {
  const joining = place.value.path.startsWith("/console/join");
  return (
    <main class="entrance">
      <Deployment />
      <Demo />
      {joining ? <JoinPage token={readQuery(place.value.search, "token")} /> : <SignIn />}
    </main>
  );
}

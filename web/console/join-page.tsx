import { useResource } from "../lib/resource.ts";
import { formatExact } from "../lib/format.ts";
import { go } from "../lib/location.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { EmptyState, Skeleton } from "../ui/states.tsx";
import { toast } from "../ui/toast.tsx";
import { asError } from "../lib/resource.ts";
import { api } from "./api.ts";
import { CredentialForm } from "./credential-form.tsx";
import { failureOf, PageError } from "./page-error.tsx";
import { loadSession, me } from "./session.ts";
import { SignInSteps } from "./sign-in-steps.tsx";

/** Where an invitation's link leads: a new person chooses name and password, a known one signs in and accepts. */
export function JoinPage({ token }: { token: string }) {
  const preview = useResource(`join:${token}`, (signal) => api.invitations.preview(token, { signal }));
  const invitation = preview.data.value;
  const failure = preview.error.value;
  if (!invitation) {
    const refused = failure && failure.status >= 400 && failure.status < 500;
    return (
      <>
        <h1 class="visually-hidden">Invitation</h1>
        {refused && (
          <EmptyState title="This invitation does not work">
            It was used, cancelled, is older than 7 days, or the link is not complete. Ask the person who sent it for another.
          </EmptyState>
        )}
        {failure && !refused && <PageError failure={failureOf(failure, "The invitation could not be read")} onRetry={preview.reload} />}
        {!failure && <Skeleton rows={4} />}
      </>
    );
  }
  const enter = async () => {
    await loadSession();
    go("/console", { replace: true });
  };
  const acceptSignedIn = async () => {
    await api.invitations.accept({ token });
    await enter();
  };
  const asInvited = me.value?.email?.toLowerCase() === invitation.email.toLowerCase();
  return (
    <Card title={<h1>Join {invitation.tenantName}</h1>}>
      <p>
        <strong>{invitation.email}</strong> is invited as <strong>{invitation.role}</strong>. The link works until{" "}
        {formatExact(Date.parse(invitation.expiresAt))}.
      </p>
      {!invitation.needsSignIn ? (
        <CredentialForm
          verb="Join"
          withName
          fixedEmail={invitation.email}
          submit={async ({ name, password }) => {
            await api.invitations.accept({ token, name, password });
            await enter();
          }}
        />
      ) : asInvited ? (
        <Button
          kind="primary"
          onClick={() => void acceptSignedIn().catch((error: unknown) => toast(asError(error).detail, { tone: "critical" }))}
        >
          Join {invitation.tenantName}
        </Button>
      ) : (
        <>
          <p class="muted">This address has an account here. Sign in with it to join.</p>
          <SignInSteps verb="Sign in and join" fixedEmail={invitation.email} onIn={acceptSignedIn} />
        </>
      )}
    </Card>
  );
}

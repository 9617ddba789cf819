import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { MeridianError, Registered, RegisterInput } from "../../sdk/user.ts";
import { asError } from "../lib/resource.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { UserForm } from "./user-form.tsx";
import type { UserState } from "./user-state.ts";

type Step = "log-in" | "register" | "upgrade";

/**
 * How an end user comes in, stays and leaves: log in, register, come as a guest, add an address to a guest, log out. The apps share
 * it; what they show to whoever is signed in is theirs.
 */
export function UserSignIn({ state, guests = true }: { state: UserState; guests?: boolean }) {
  const { user, subject, failure } = state;
  const step = useSignal<Step>("log-in");
  const mailed = useSignal<Registered | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const link = useMailedLink(() => (mailed.value = undefined));

  if (subject.value === undefined) return <Skeleton rows={3} />;
  if (failure.value !== undefined && subject.value === null) return <NoSignIn error={asError(failure.value)} />;
  const act = (work: () => Promise<unknown>) => {
    problem.value = undefined;
    work().catch((error: unknown) => (problem.value = asError(error).detail));
  };
  const ask = async (register: (input: RegisterInput) => Promise<Registered>, { name, email, password }: RegisterInput) => {
    mailed.value = await register({ email, password, ...(name ? { name } : {}) });
  };
  if (link.value !== undefined) return <Finish state={state} token={link.value} done={() => (link.value = undefined)} />;
  if (mailed.value) return <Mailed mailed={mailed.value} back={() => (mailed.value = undefined)} />;

  const alert = problem.value && (
    <p class="field-error" role="alert">
      {problem.value}
    </p>
  );
  if (subject.value !== null) {
    const { name, guest } = subject.value;
    if (guest && step.value === "upgrade") {
      return (
        <Card title={<h2>Keep what you have</h2>}>
          <p class="muted">With an address and a password you can come back from anywhere. You stay who you are.</p>
          <UserForm
            fields={["email", "password"]}
            newPassword
            verb="Save"
            submit={async (form) => await ask((input) => user.upgrade(input), form)}
          >
            <Button kind="quiet" onClick={() => (step.value = "log-in")}>
              Not now
            </Button>
          </UserForm>
        </Card>
      );
    }
    return (
      <Card title={<h2>{name}</h2>}>
        <p class="muted">{guest ? "You are here as a guest: this account lives in this browser only." : "You are signed in."}</p>
        {alert}
        <div class="actions">
          {guest && (
            <Button kind="primary" onClick={() => (step.value = "upgrade")}>
              Add an address
            </Button>
          )}
          <Button onClick={() => act(async () => await user.logout())}>Log out</Button>
          <Button kind="quiet" onClick={() => act(async () => await user.logout(true))}>
            Log out everywhere
          </Button>
        </div>
      </Card>
    );
  }
  if (step.value === "register") {
    return (
      <Card title={<h2>Register</h2>}>
        <UserForm
          fields={["name", "email", "password"]}
          newPassword
          verb="Register"
          submit={async (form) => await ask((input) => user.register(input), form)}
        >
          <Button kind="quiet" onClick={() => (step.value = "log-in")}>
            I have an account
          </Button>
        </UserForm>
      </Card>
    );
  }
  return (
    <Card title={<h2>Log in</h2>}>
      <UserForm
        fields={["email", "password"]}
        verb="Log in"
        submit={async ({ email, password }) => void (await user.login(email, password))}
      >
        <Button kind="quiet" onClick={() => (step.value = "register")}>
          Register
        </Button>
      </UserForm>
      {alert}
      {guests && (
        <div class="entrance-other">
          <Button onClick={() => act(async () => await user.guest())}>Continue as a guest</Button>
        </div>
      )}
    </Card>
  );
}

/** Why nobody can sign in here: there is nothing to sign in to, or it cannot be reached. */
function NoSignIn({ error: { status, detail, requestId } }: { error: MeridianError }) {
  if (status === 403) {
    return (
      <Card title={<h2>No accounts here</h2>}>
        <p class="muted">Nobody registers or logs in at this door. What is public can be read all the same.</p>
      </Card>
    );
  }
  if (status === 404)
    return <ErrorState failure={{ title: "Nobody has this door", detail: "Check the address of this page.", requestId }} />;
  return <ErrorState failure={{ title: "Who you are could not be found out", detail, requestId }} onRetry={() => location.reload()} />;
}

/** What is said whether or not the address has an account already. */
function Mailed({ mailed, back }: { mailed: Registered; back: () => void }) {
  return (
    <Card title={<h2>Look into your mail</h2>}>
      <p>A link is on its way to the address. It works for a day and completes the account.</p>
      {mailed.verificationUrl && (
        <p>
          This is a demo and sends no mail: <a href={mailed.verificationUrl}>open the link here</a>.
        </p>
      )}
      <div class="actions">
        <Button kind="quiet" onClick={back}>
          Back
        </Button>
      </div>
    </Card>
  );
}

/** Completes the account of a mailed link: the password shows that whoever opens the link is who registered. */
function Finish({ state: { user }, token, done }: { state: UserState; token: string; done: () => void }) {
  return (
    <Card title={<h2>Finish your account</h2>}>
      <p class="muted">Give the password once more that you chose. If you did not register here, close this page: no account is made.</p>
      <UserForm
        fields={["password"]}
        verb="Finish"
        submit={async ({ password }) => {
          await user.verify(token, password);
          done();
        }}
      >
        <Button kind="quiet" onClick={done}>
          Not now
        </Button>
      </UserForm>
    </Card>
  );
}

/** The token of a mailed link, which stands behind `#verify=` so that no server's log holds it, taken out of the address. */
function useMailedLink(arrived: () => void): Signal<string | undefined> {
  const link = useSignal<string | undefined>(undefined);
  useEffect(() => {
    const take = () => {
      const token = new URLSearchParams(location.hash.slice(1)).get("verify");
      if (token === null) return;
      history.replaceState(history.state, "", location.pathname + location.search);
      link.value = token;
      arrived();
    };
    take();
    addEventListener("hashchange", take);
    return () => removeEventListener("hashchange", take);
  }, []);
  return link;
}

import { useSignal } from "@preact/signals";
import { plural } from "../../lib/format.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";
import { me } from "../session.ts";

/**
 * For when tokens have leaked: all end users of the tenant, or those of one issuer, sign in again.
 * @param issuer whose people; absent: everybody
 */
export function SignEveryoneOut({ issuer }: { issuer?: string }) {
  const asking = useSignal(false);
  const slug = me.value?.tenant.slug ?? "";
  const whom = issuer === undefined ? "everyone" : `the people of ${issuer}`;
  return (
    <>
      <Button onClick={() => (asking.value = true)}>{issuer === undefined ? "Sign everyone out" : "Sign its people out"}</Button>
      {asking.value && (
        <Confirm
          title={`Sign ${whom} out`}
          typed={issuer ?? slug}
          verb={`Sign ${whom} out`}
          onClose={() => (asking.value = false)}
          act={async () => {
            const { closedSockets } = await api.tokens.revoke(issuer === undefined ? { kind: "tenant" } : { kind: "issuer", issuer });
            toast(`Tokens issued until now are refused; ${plural(closedSockets, "open socket")} closed.`);
          }}
        >
          <p>
            Within 2 seconds every token of {issuer === undefined ? `an end user of ${slug}` : "theirs"} that was issued until now is
            refused, none can be renewed, and their sockets close. Accounts stay: people sign in again.
            {issuer === undefined &&
              " Guests have no address to come back with, and lose what they have. Operators and keys are not touched."}
          </p>
        </Confirm>
      )}
    </>
  );
}

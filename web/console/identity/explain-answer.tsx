import type { Explained } from "../../../contract/subjects.ts";
import { Card } from "../../ui/card.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { StateMark } from "../../ui/state-badge.tsx";
import { CheckList } from "./check-list.tsx";
import { grantWords } from "./grant-words.ts";

/** Why it is allowed or refused: the grant, the mark, what is missing, and of a token each check. */
export function ExplainAnswer({ of: { allowed, reason, grant, public: mark, missing, checks } }: { of: Explained }) {
  return (
    <Card
      title={
        <h2 class="verdict">
          <StateMark tone={allowed ? "ok" : "critical"} size={14} /> {allowed ? "Allowed" : "Refused"}
        </h2>
      }
      class="form-card"
      label="Answer"
    >
      <p>{reason}</p>
      {grant && (
        <p>
          Grant {grant.at + 1} allows it: <code>{grantWords(grant.grant)}</code>
        </p>
      )}
      {mark && (
        <p>
          It is <a href="/console/control/public">public</a>: <code>{`${mark.kind} ${mark.name}`}</code>
        </p>
      )}
      {missing && <Missing text={JSON.stringify(missing)} words={grantWords(missing)} />}
      {checks.length > 0 && <CheckList checks={checks} />}
    </Card>
  );
}

/** The smallest grant that would do, and where grants are given. */
function Missing({ text, words }: { text: string; words: string }) {
  return (
    <>
      <p>
        This grant is missing: <code>{words}</code>. Grants are given where a token is minted, in the mapping of an{" "}
        <a href="/console/control/issuers">issuer</a>, or to every account at the <a href="/console/control/door">door</a>. What is{" "}
        <a href="/console/control/public">public</a> can be read without one.
      </p>
      <pre class="command">{text}</pre>
      <div class="actions">
        <CopyButton text={text} words="Copy the grant" />
      </div>
    </>
  );
}

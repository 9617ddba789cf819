import { now } from "../../lib/clock.ts";
import { knownAt } from "../../lib/contact.ts";
import { describeLink } from "../../lib/link-words.ts";
import { StateMark } from "../../ui/state-badge.tsx";
import { link, reconnect, retryAt } from "../live.ts";

/** How the live socket is doing. A press tries again at once. */
export function ConnectionLight() {
  const { tone, words } = describeLink(link.value, retryAt.value, knownAt.value, now.value);
  const lost = tone === "warn" || tone === "critical";
  return (
    <span class={`connection-light ${tone}`} role="status">
      <StateMark tone={tone} />
      <span class="connection-words">{words}</span>
      {lost && (
        <button type="button" class="link-button" onClick={reconnect}>
          Retry
        </button>
      )}
    </span>
  );
}

import { place, setQuery } from "../../../lib/location.ts";
import { readChoice } from "../../../lib/url-state.ts";
import { LinkButton } from "../../../ui/button.tsx";
import { CopyButton } from "../../../ui/copy-button.tsx";
import { Drawer } from "../../../ui/drawer.tsx";
import { can } from "../../session.ts";
import { type Sender, SENDERS, sendSnippets } from "./send-snippets.ts";

/** How samples come in: a key, then a few lines where they are made. */
export function SendDrawer({ onClose }: { onClose: () => void }) {
  const sender: Sender = readChoice(place.value.search, "send", SENDERS, "prometheus");
  const snippets = sendSnippets(location.origin);
  const { where, text } = snippets[sender];
  return (
    <Drawer title="How to send" label="How to send" onClose={onClose}>
      <section>
        <h3>1. A key that may send</h3>
        <p class="muted">Its scope is metrics:write and nothing else. One key per sender tells them apart on this page.</p>
        {can("keys:manage") ? (
          <div class="actions">
            <LinkButton href="/console/control/keys/new?for=metrics" kind="primary">
              Create a key
            </LinkButton>
          </div>
        ) : (
          <p>Ask an owner or admin for one.</p>
        )}
      </section>
      <section>
        <h3>2. Point the sender here</h3>
        <div class="segments" role="group" aria-label="Sender">
          {SENDERS.map((one) => (
            <button key={one} type="button" class="segment" aria-pressed={one === sender} onClick={() => setQuery({ send: one })}>
              {snippets[one].title}
            </button>
          ))}
        </div>
        <p class="muted">{where} Put your key in place of YOUR_KEY.</p>
        <pre class="command">{text}</pre>
        <div class="actions">
          <CopyButton text={text} words="Copy" />
        </div>
      </section>
      <p class="muted">
        The first samples show up on this page within a minute, and in{" "}
        <a class="link" href="/console/observe/explore">
          Explore
        </a>{" "}
        a few seconds after they were sent.
      </p>
    </Drawer>
  );
}

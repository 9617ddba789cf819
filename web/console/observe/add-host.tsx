import { LinkButton } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Drawer } from "../../ui/drawer.tsx";

/** How a host comes in: a key for its agent, then one command on the host. */
export function AddHost({ onClose }: { onClose: () => void }) {
  const command = `npx meridian-agent --url ${location.origin} --key YOUR_KEY`;
  return (
    <Drawer title="Add a host" label="Add a host" onClose={onClose}>
      <section>
        <h3>1. Create a key for its agent</h3>
        <p class="muted">It may send samples and open the control socket, nothing else. One key can serve many hosts.</p>
        <div class="actions">
          <LinkButton href="/console/control/keys/new?for=agent" kind="primary">
            Create an agent key
          </LinkButton>
        </div>
      </section>
      <section>
        <h3>2. Run the agent on the host</h3>
        <p class="muted">It needs Node 20 or newer. Put your key in place of YOUR_KEY.</p>
        <pre class="command">{command}</pre>
        <div class="actions">
          <CopyButton text={command} words="Copy the command" />
        </div>
      </section>
      <p class="muted">The host shows up here a few seconds later.</p>
    </Drawer>
  );
}

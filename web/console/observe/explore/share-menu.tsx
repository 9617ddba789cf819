import { ClipboardCopy, Link2, Terminal } from "lucide";
import { place } from "../../../lib/location.ts";
import { rangeQuery } from "../../../lib/time-range.ts";
import { withQuery } from "../../../lib/url-state.ts";
import { copyText } from "../../../ui/copy-button.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { Menu, MenuItem } from "../../../ui/menu.tsx";
import { toast } from "../../../ui/toast.tsx";
import { curlOf } from "./explore-request.ts";
import type { Explored } from "./use-explore.ts";

async function copied(text: string, said: string): Promise<void> {
  try {
    await copyText(text);
    toast(said);
  } catch {
    // The browser refuses while its window has no focus, or where a policy forbids it.
    toast("The browser did not allow copying.", { tone: "critical" });
  }
}

/** What to send to somebody: this page as it is, this page at these very times, or the question as a command. */
export function ShareMenu({ of }: { of: Explored | undefined }) {
  const link = (search: string) => location.origin + place.value.path + search;
  return (
    <Menu
      label="Copy a link or a command"
      button={
        <>
          <Icon of={ClipboardCopy} />
          <span>Copy</span>
        </>
      }
    >
      {(close) => (
        <>
          <MenuItem
            icon={Link2}
            onChoose={() => {
              close();
              void copied(link(place.value.search), "The link is copied; it opens this page as it is.");
            }}
          >
            Link to this page
          </MenuItem>
          {of && (
            <>
              <MenuItem
                icon={Link2}
                onChoose={() => {
                  close();
                  const exact = withQuery(place.value.search, rangeQuery({ kind: "exact", fromMs: of.fromMs, toMs: of.toMs }));
                  void copied(link(exact), "The link is copied; it shows these very times.");
                }}
              >
                Link to these very times
              </MenuItem>
              <MenuItem
                icon={Terminal}
                onChoose={() => {
                  close();
                  void copied(curlOf(of.asked.body, location.origin), "The command is copied; put a key in MERIDIAN_KEY.");
                }}
              >
                As curl
              </MenuItem>
            </>
          )}
        </>
      )}
    </Menu>
  );
}

import { Dialog } from "../../ui/dialog.tsx";
import { PAGES } from "../pages.ts";

const GENERAL: readonly (readonly [keys: string, what: string])[] = [
  ["Ctrl K", "go to a page or host, run an action"],
  ["/", "search on this page"],
  ["p", "pause or resume live updates"],
  ["↑ ↓", "move in a list"],
  ["Enter", "open what is selected"],
  ["Esc", "close what is open"],
  ["?", "these keys"],
];

export function KeysHelp({ onClose }: { onClose: () => void }) {
  const pages = PAGES.flatMap(({ key, name }) => (key ? [[`g ${key}`, name] as const] : []));
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys-list">
        {[...GENERAL, ...pages].map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

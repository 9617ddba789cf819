import { Ellipsis } from "lucide";
import { useSignal } from "@preact/signals";
import { Dialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icon.tsx";
import { AccountItems } from "./account-menu.tsx";
import { isCurrent, visiblePages } from "./rail.tsx";

/** Below 720 px: four pages and "more", which holds the rest of the rail and the header. */
export function BottomBar() {
  const more = useSignal(false);
  const pages = visiblePages();
  const thumbs = [...pages.filter(({ thumb }) => thumb), ...pages.filter(({ thumb }) => !thumb)].slice(0, 4);
  const close = () => (more.value = false);
  return (
    <nav class="bottom-bar" aria-label="Pages">
      {thumbs.map((page) => (
        <a key={page.name} href={page.paths[0]} aria-current={isCurrent(page) ? "page" : undefined}>
          <Icon of={page.icon} size={20} />
          {page.name}
        </a>
      ))}
      <button type="button" aria-haspopup="dialog" onClick={() => (more.value = true)}>
        <Icon of={Ellipsis} size={20} />
        More
      </button>
      {more.value && (
        <Dialog title="More" onClose={close} class="sheet">
          <div class="sheet-list">
            {pages
              .filter((page) => !thumbs.includes(page))
              .map((page) => (
                <a key={page.name} class="menu-item" href={page.paths[0]} onClick={close}>
                  <Icon of={page.icon} />
                  <span class="menu-words">{page.name}</span>
                </a>
              ))}
            <hr />
            <AccountItems onDone={close} />
          </div>
        </Dialog>
      )}
    </nav>
  );
}

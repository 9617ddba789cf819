import { signal } from "@preact/signals";
import { PanelLeftClose, PanelLeftOpen } from "lucide";
import { place } from "../../lib/location.ts";
import { Button } from "../../ui/button.tsx";
import { Icon } from "../../ui/icon.tsx";
import { pageAt, PAGES, type PageSpec, railSections } from "../pages.ts";
import { can } from "../session.ts";

const STORED_AS = "meridian.rail";
const open = signal(localStorage.getItem(STORED_AS) === "open");

/** The pages a person may see, in the order of the planes. */
export function visiblePages(): readonly PageSpec[] {
  return PAGES.filter((page) => !page.parent && can(page.action));
}

/** Whether the link to this page is the one to mark. */
export function isCurrent(page: PageSpec): boolean {
  const here = pageAt(place.value.path)?.page;
  return here === page || here?.parent === page.name;
}

export function Rail() {
  const toggle = () => {
    open.value = !open.value;
    localStorage.setItem(STORED_AS, open.value ? "open" : "closed");
  };
  return (
    <nav class={`rail${open.value ? " open" : ""}`} aria-label="Pages">
      <a class="rail-logo" href="/console" aria-label="Meridian, home" title="Meridian">
        <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
          <g fill="none" stroke="currentColor" stroke-width="2.4">
            <circle cx="16" cy="16" r="11" />
            <path d="M16 5c-6 6-6 16 0 22M16 5c6 6 6 16 0 22M5 16h22" />
          </g>
        </svg>
        <span class="rail-word">Meridian</span>
      </a>
      {railSections(visiblePages()).map(({ plane, title, pages }) => (
        <ul key={title} class={`rail-plane ${plane}`}>
          {plane !== "settings" && <li class="rail-title">{title}</li>}
          {pages.map((page) => (
            <li key={page.name}>
              <a
                class="rail-link"
                href={page.paths[0]}
                title={page.key ? `${page.name} (g ${page.key})` : page.name}
                aria-current={isCurrent(page) ? "page" : undefined}
              >
                <Icon of={page.icon} size={18} />
                <span class="rail-word">{page.name}</span>
              </a>
            </li>
          ))}
        </ul>
      ))}
      <Button
        kind="quiet"
        class="rail-toggle"
        icon={open.value ? PanelLeftClose : PanelLeftOpen}
        label={open.value ? "Narrow the rail" : "Widen the rail"}
        onClick={toggle}
      />
    </nav>
  );
}

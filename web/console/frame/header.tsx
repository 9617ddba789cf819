import { ChevronRight, Pause, Play, RotateCw, Search } from "lucide";
import { paused } from "../../lib/clock.ts";
import { place } from "../../lib/location.ts";
import { openName } from "../../lib/open-name.ts";
import { reloadAll } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Icon } from "../../ui/icon.tsx";
import { heldUpdates } from "../live.ts";
import { detailWords, pageAt, PAGES } from "../pages.ts";
import { PersonMenu, TenantMenu, ThemeMenu } from "./account-menu.tsx";
import { ConnectionLight } from "./connection-light.tsx";
import { TimeRangeControl } from "./time-range-control.tsx";

interface Crumb {
  readonly words: string;
  readonly href?: string;
}

function crumbs(): Crumb[] {
  const found = pageAt(place.value.path);
  if (!found) return [{ words: "Not found" }];
  const { page, params } = found;
  const parent = PAGES.find(({ name }) => name === page.parent);
  const detail = detailWords(params, openName.value);
  const trail: Crumb[] = [];
  if (parent) trail.push({ words: parent.name, href: parent.paths[0] });
  else trail.push(detail === undefined ? { words: page.name } : { words: page.name, href: page.paths[0] });
  if (detail !== undefined) trail.push({ words: detail });
  return trail;
}

function Breadcrumb() {
  const trail = crumbs();
  return (
    <nav class="breadcrumb" aria-label="Breadcrumb">
      <ol>
        {trail.map(({ words, href }, i) => (
          <li key={i}>
            {i > 0 && <Icon of={ChevronRight} size={14} />}
            {href ? (
              <a href={href}>{words}</a>
            ) : (
              <span aria-current="page" title={words}>
                {words}
              </span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}

export function Header({ onPalette }: { onPalette: () => void }) {
  const range = pageAt(place.value.path)?.page.range;
  return (
    <header class="header">
      <Breadcrumb />
      <button type="button" class="palette-button" onClick={onPalette} title="Go to a page, host or board, run an action">
        <Icon of={Search} />
        <span>Go to or do</span>
        <kbd>Ctrl K</kbd>
      </button>
      <div class="header-tools">
        {range && <TimeRangeControl fallback={range} />}
        <Button
          kind="quiet"
          icon={paused.value ? Play : Pause}
          label={paused.value ? "Resume live updates (p)" : "Pause live updates (p)"}
          pressed={paused.value}
          onClick={() => (paused.value = !paused.value)}
        />
        {paused.value && <span class="held">{heldUpdates.value} held</span>}
        <Button kind="quiet" class="wide-only" icon={RotateCw} label="Refresh" onClick={reloadAll} />
        <ConnectionLight />
        <TenantMenu />
        <ThemeMenu />
        <PersonMenu />
      </div>
    </header>
  );
}

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { signal } from "@preact/signals";
import { paused } from "../../lib/clock.ts";
import { type KeyAction, readKey } from "../../lib/keys.ts";
import { go, place } from "../../lib/location.ts";
import { startLive } from "../live.ts";
import { pageAt, PAGES } from "../pages.ts";
import { can } from "../session.ts";
import { BottomBar } from "./bottom-bar.tsx";
import { Header } from "./header.tsx";
import { KeysHelp } from "./keys-help.tsx";
import { Palette } from "./palette.tsx";
import { Rail } from "./rail.tsx";

export const overlay = signal<"none" | "palette" | "help">("none");

function act(action: KeyAction): void {
  switch (action.type) {
    case "palette":
    case "help":
      overlay.value = overlay.value === action.type ? "none" : action.type;
      return;
    case "search": {
      const search = document.querySelector<HTMLInputElement>("main input:is([type=search], [data-search])");
      if (search) search.focus();
      else overlay.value = "palette";
      return;
    }
    case "pause":
      paused.value = !paused.value;
      return;
    case "go": {
      const page = PAGES.find(({ key }) => key === action.letter);
      if (page) go(page.paths[0]);
    }
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
}

function useKeys(): void {
  useEffect(() => {
    let pendingSince: number | null = null;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      const modal = document.querySelector("dialog[open]") !== null;
      const press = {
        key: event.key,
        command: event.ctrlKey || event.metaKey,
        other: event.altKey || modal,
        typing: isTyping(event.target),
      };
      const read = readKey(pendingSince, press, event.timeStamp);
      pendingSince = read.pendingSince;
      if (!read.action) return;
      event.preventDefault();
      act(read.action);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

/** Rail, header and bottom bar around a page, with the keys and the palette that work everywhere. */
export function Frame({ children }: { children: ComponentChildren }) {
  useKeys();
  useEffect(() => {
    if (can("live:connect")) startLive();
  }, []);
  const close = () => (overlay.value = "none");
  return (
    <div class="frame">
      <a class="skip-link" href="#main">
        Skip to content
      </a>
      <Rail />
      <Header onPalette={() => (overlay.value = "palette")} />
      <main id="main" tabIndex={-1}>
        <h1 class="page-name visually-hidden">{pageAt(place.value.path)?.page.name ?? "Not found"}</h1>
        {children}
      </main>
      <BottomBar />
      {overlay.value === "palette" && <Palette onClose={close} />}
      {overlay.value === "help" && <KeysHelp onClose={close} />}
    </div>
  );
}

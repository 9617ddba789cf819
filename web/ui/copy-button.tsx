import { Check, Copy } from "lucide";
import { useSignal } from "@preact/signals";
import { Button } from "./button.tsx";

/** Puts text on the clipboard; also on plain http pages, where the clipboard interface is missing. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return await navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  // Deprecated, and the only way where the page is not a secure context.
  document.execCommand("copy");
  area.remove();
}

export function CopyButton({ text, label = "Copy", words }: { text: string; label?: string; words?: string }) {
  const done = useSignal(false);
  const copy = async () => {
    await copyText(text);
    done.value = true;
    setTimeout(() => (done.value = false), 1_500);
  };
  return (
    <Button
      kind={words ? "plain" : "quiet"}
      icon={done.value ? Check : Copy}
      label={done.value ? "Copied" : label}
      onClick={() => void copy()}
    >
      {words && (done.value ? "Copied" : words)}
    </Button>
  );
}

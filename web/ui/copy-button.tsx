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

interface CopyProps {
  /** Made when it is asked for, where that is work. */
  readonly text: string | (() => string);
  readonly label?: string;
  readonly words?: string;
}

export function CopyButton({ text, label = "Copy", words }: CopyProps) {
  const done = useSignal(false);
  const copy = async () => {
    await copyText(typeof text === "string" ? text : text());
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

import type { IconNode } from "lucide";
import type { ComponentChildren } from "preact";
import { Icon } from "./icon.tsx";

export interface ButtonProps {
  readonly children?: ComponentChildren;
  /** The words of a button that shows only an icon; also its tooltip. */
  readonly label?: string;
  readonly icon?: IconNode;
  readonly kind?: "plain" | "primary" | "danger" | "quiet";
  readonly type?: "button" | "submit";
  /** The id of the form it submits, when it stands outside of it. */
  readonly form?: string;
  readonly disabled?: boolean;
  /** The act is under way: the button stays where it is and cannot be pressed again. */
  readonly busy?: boolean;
  /** For switches: whether it is on. */
  readonly pressed?: boolean;
  readonly class?: string;
  readonly onClick?: (event: MouseEvent) => void;
}

/** A verb that can be pressed. */
export function Button({
  children,
  label,
  icon,
  kind = "plain",
  type = "button",
  form,
  disabled,
  busy,
  pressed,
  class: extra,
  onClick,
}: ButtonProps) {
  return (
    <button
      type={type}
      form={form}
      class={`button ${kind}${children === undefined ? " icon-only" : ""}${extra ? ` ${extra}` : ""}`}
      aria-label={children === undefined ? label : undefined}
      title={label}
      disabled={disabled}
      aria-disabled={busy ? "true" : undefined}
      aria-busy={busy ? "true" : undefined}
      aria-pressed={pressed}
      onClick={(event) => {
        if (!busy) onClick?.(event);
        else event.preventDefault();
      }}
    >
      {icon && <Icon of={icon} />}
      {children !== undefined && <span>{children}</span>}
    </button>
  );
}

/** A link that looks like a button: it goes somewhere instead of doing something. */
export function LinkButton({ href, icon, kind = "plain", children }: Pick<ButtonProps, "icon" | "kind" | "children"> & { href: string }) {
  return (
    <a href={href} class={`button ${kind}`}>
      {icon && <Icon of={icon} />}
      <span>{children}</span>
    </a>
  );
}

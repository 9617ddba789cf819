import type { ComponentChildren } from "preact";

interface CardProps {
  readonly title?: ComponentChildren;
  /** Right of the title: at most a word and a button or two. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly class?: string;
  readonly label?: string;
}

/** The one surface that holds a thing. */
export function Card({ title, aside, children, class: extra, label }: CardProps) {
  return (
    <section class={`card${extra ? ` ${extra}` : ""}`} aria-label={label}>
      {(title !== undefined || aside !== undefined) && (
        <header class="card-head">
          {typeof title === "string" ? <h2>{title}</h2> : title}
          {aside !== undefined && <div class="card-aside">{aside}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

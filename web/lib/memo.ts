import { Component, type ComponentType, h } from "preact";

/** Draws again only when a prop is another value; signals inside redraw on their own. */
export function memo<P extends object>(Inner: ComponentType<P>): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const before = this.props as Readonly<Record<string, unknown>>; // compared key by key, whatever the keys are
      return Object.entries(next).some(([name, value]) => before[name] !== value);
    }

    override render(props: P) {
      return h(Inner, props);
    }
  };
}

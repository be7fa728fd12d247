// Where a live view goes when the output that held it has become a picture.

/** The place of one widget's live view, told by the class of an element in the page. */
export class Slot {
  /**
   * @param {Set<{root: HTMLElement, refresh: () => void}>} views all views of the widget
   * @param {() => object} open makes one
   * @param {(view: object) => void} drop ends one
   */
  constructor(views, open, drop) {
    this.views = views;
    this.open = open;
    this.drop = drop;
    /** The view that moves into the slot, and the slot's element while it lives there. */
    this.moved = null;
    this.element = null;
    this.watcher = null;
  }

  /** Go where this class is, now or once it appears; an empty one for nowhere. */
  settle(name) {
    if (this.element && !this.element.classList.contains(name)) {
      this.element.classList.remove("klc-live"); // an older picture stays where it was
      this.element = null;
      if (this.moved) this.drop(this.moved);
      this.moved = null;
    }
    this.end();
    if (!name) return;
    const place = () => {
      const found = document.getElementsByClassName(name)[0];
      if (!found || (found === this.element && this.moved?.root.parentElement === found)) return;
      // The view of the output that is gone, with all that was chosen in it: it may be told of
      // its end only after this.
      this.moved ??= [...this.views].find((view) => !view.root.isConnected) ?? this.open();
      this.element = found;
      found.classList.add("klc-live");
      found.append(this.moved.root);
      this.moved.refresh();
    };
    // Before the page is painted again: the picture is never seen where the live view goes.
    this.watcher = new MutationObserver(place);
    this.watcher.observe(document.body, { childList: true, subtree: true });
    place();
  }

  /** The output that held this view is gone: it moves, with all that was chosen in it, or ends. */
  left(view, name) {
    if (name && !this.moved) this.moved = view;
    else if (view !== this.moved) this.drop(view);
  }

  end() {
    this.watcher?.disconnect();
    this.watcher = null;
  }
}

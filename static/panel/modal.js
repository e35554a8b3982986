// A dialog of the page: the browser keeps the focus inside and closes it with Escape; we keep it where the reader is.

import { resize } from "../bridge.js";
import { byId, h, put } from "../dom.js";
import { button } from "../parts.js";
import { t } from "../texts.js";

const EDGE_PX = 8;

export class Modal {
  #opener = null;
  #unwatch = () => {};

  constructor(id, title, content) {
    this.title = h("h2", { id: `${id}-title`, tabindex: -1 }, title);
    this.body = h("div", { class: "dialog-body" }, content);
    // The frame is as tall as the page, so "the middle of the window" may be far from where the reader is.
    const leave = button("×", () => this.close(), { kind: "subtle", class: "dialog-x", "aria-label": t("Close") });
    const head = h("div", { class: "dialog-head" }, this.title, leave);
    this.node = h("dialog", { class: "dialog", id: `${id}-dialog`, "aria-labelledby": this.title.id }, head, this.body);
    this.node.addEventListener("close", () => this.#left());
    this.node.addEventListener("click", (event) => event.target === this.node && this.close());
  }

  open() {
    this.#opener = document.activeElement;
    const top = this.#opener?.getBoundingClientRect().top ?? 0;
    byId("content").append(this.node);
    this.node.showModal();
    // Screen readers begin with the title and read on.
    this.title.focus();
    this.top = Math.max(0, top + scrollY);
    this.fit();
    new ResizeObserver(() => this.fit()).observe(this.node);
  }

  /** Beside the button that opened it, and the page tall enough to show all of it. */
  fit() {
    if (!this.node.open) return;
    const height = this.node.offsetHeight;
    const top = Math.max(
      EDGE_PX,
      Math.min(this.top - height / 3, document.documentElement.scrollHeight - height - EDGE_PX),
    );
    this.node.style.top = `${top}px`;
    const content = byId("content");
    const needed = `${Math.ceil(top + height + 2 * EDGE_PX)}px`;
    if (content.style.minHeight !== needed) {
      content.style.minHeight = needed;
      resize();
    }
  }

  show(content) {
    put(this.body, content);
    this.title.focus();
    this.fit();
  }

  /** Calls `look` after every change of the model while the dialog is open. */
  watch(model, look) {
    this.#unwatch = model.listen(look);
  }

  close() {
    this.node.close();
  }

  #left() {
    this.#unwatch();
    this.node.remove();
    byId("content").style.minHeight = "";
    if (this.#opener?.isConnected) this.#opener.focus();
    resize();
  }
}

// A list of items with their cards, and the line that tells how many people have kept.

import { h, put } from "../dom.js";
import { acceptance } from "./byline.js";
import { ItemCard } from "./item.js";
import { itemsOf } from "./kinds.js";

export class ItemList {
  constructor(shape, verdicts, run, { labelledBy }) {
    Object.assign(this, { shape });
    this.cards = itemsOf(run, shape.part).map((item, index) => new ItemCard(shape, verdicts, run, { index, item }));
    this.kept = h("p", { class: "meta", "data-acceptance": shape.part });
    const cards = this.cards.map((card) => card.node);
    const list = h("ul", { class: "plain items", "data-items": shape.part, "aria-labelledby": labelledBy }, cards);
    this.node = [this.kept, list];
    this.update(run);
  }

  get dirty() {
    return this.cards.some((card) => card.dirty);
  }

  update(run) {
    this.cards.forEach((card) => card.update(run));
    const said = acceptance(run, this.shape.part, this.cards.length);
    put(this.kept, said);
    this.kept.hidden = !said;
  }
}

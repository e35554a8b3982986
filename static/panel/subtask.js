// Suggested sub-tasks as items.

import { paragraphs, visible } from "../dom.js";
import { t } from "../texts.js";
import { itemsOf } from "./kinds.js";

const oneLine = (text) => visible(text).replace(/\s*\n\s*/g, " ");

export const subtaskShape = {
  part: "subtasks",
  id: "subtask",
  places: () => ["subtasks"],
  name: (item) => `“${oneLine(item.title).slice(0, 60)}”`,
  title: (item) => oneLine(item.title),
  head: () => null,
  body: (item) => paragraphs(item.description),
  fields: (item) => [
    { name: "title", kind: "line", label: t("Title"), value: oneLine(item.title).slice(0, 255), required: true },
    { name: "description", kind: "text", label: t("Description"), value: item.description },
  ],
  itemOf: (run, index) => itemsOf(run, "subtasks")[index],
};

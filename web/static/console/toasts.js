/* What the clerk is told and need not answer. Read aloud by screen readers; stays long enough to be read. */

import { el } from "./draw.js";
import { clock, say } from "./words.js";

const STAYS_MS = 9000;
const MOST = 3;
const shelf = el("div", { id: "toasts", role: "status", "aria-live": "polite" });

export const place = () => shelf;

export function toast(text, { meanwhile = [], kind = "calm" } = {}) {
  const shown = el(
    "div",
    { class: `toast ${kind}` },
    el(
      "div",
      {},
      el("p", {}, text),
      meanwhile.length
        ? el("ul", {}, meanwhile.map((each) => el("li", {}, el("span", { class: "num" }, clock(each.at)), ` ${each.text}`)))
        : null,
    ),
    el("button", { type: "button", class: "dismiss", "aria-label": say("dismiss"), onclick: () => gone(shown) }, "×"),
  );
  while (shelf.children.length >= MOST) shelf.firstChild.remove();
  shelf.append(shown);
  let timer = setTimeout(() => gone(shown), STAYS_MS);
  shown.addEventListener("mouseenter", () => clearTimeout(timer));
  shown.addEventListener("mouseleave", () => {
    timer = setTimeout(() => gone(shown), STAYS_MS / 3);
  });
}

const gone = (shown) => shown.remove();

export const clear = () => shelf.replaceChildren();

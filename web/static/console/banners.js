/* What concerns the whole page: cut off, the hall out of reach, the session about to end, an evacuation. */

import { el, key, redraw } from "./draw.js";
import { current, say, span } from "./words.js";

export class Banners {
  constructor(stay) {
    this.stay = stay;
    this.root = el("div", { id: "banners", role: "status", "aria-live": "polite" });
  }

  show({ cut, here, since, hall, ending, now }) {
    const age = (from) => span((now - from) / 1000);
    const shown = [];
    if (hall && hall.evacuation) shown.push(["alarm", say("evacuation")]);
    if (cut) shown.push(["warn", say("cut_off", { age: age(cut) })]);
    else if (!here && since) shown.push(["warn", say("away", { age: age(since) })]);
    if (ending) shown.push(["ending", say("ending", { left: span(Math.max(0, (ending - now) / 1000)) })]);
    redraw(this.root, [shown, current()], () => shown.map(([kind, text]) => this.banner(kind, text)));
  }

  banner(kind, text) {
    const stay = kind === "ending" && el(
      "button", { type: "button", class: "key tiny", data: { key: "stay" }, onclick: this.stay }, say("stay"), key("K"),
    );
    return el("div", { class: `banner ${kind}` }, el("span", {}, text), stay);
  }
}

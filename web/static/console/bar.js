/* The compact bar: the number, the time, the likely acts, in a strip that stays on top of another program. */

import { likely, offered, possible, progress } from "./acts.js";
import { el, key, redraw, set } from "./draw.js";
import { barVerb } from "./verbs.js";
import { ticketOf } from "./visit.js";
import { current, name, say, ticking } from "./words.js";

const BESIDE = {
  idle: ["by_number", "pause"], called: ["recall", "no_show"], serving: ["next", "hold", "transfer"], paused: ["close"], closed: [],
};
const BRIEF = { start: "start_short", finish: "finish_short", next: "next", open: "open" };
const WIDE = 1000;
const HIGH = 76;

export class Bar {
  constructor(pressing) {
    this.pressing = pressing;
    this.window = el("h1", { class: "bar-window num" });
    this.number = el("b", { class: "bar-number num", role: "status", "aria-live": "polite" });
    this.words = el("span", { class: "bar-words num" });
    this.main = barVerb(pressing, "key main");
    this.beside = [0, 1, 2].map(() => barVerb(pressing, "key"));
    this.undo = barVerb(pressing, "key small");
    this.undo.show("undo", "undo", true, new Set());
    this.waiting = el("span", { class: "bar-waiting num" });
    this.page = el("button", { type: "button", class: "key small", onclick: () => window.open("/console", "hallcall-console") });
    this.main_root = el(
      "main", { class: "strip" }, this.window, this.number, this.words,
      this.main.button, this.beside.map((each) => each.button), this.undo.button, this.waiting, this.page,
    );
    this.root = el("div", { class: "bar-page" }, this.main_root);
  }

  show(sight) {
    const { counter, hall, me } = sight;
    set(this.page, say("page_short"));
    this.page.setAttribute("aria-label", say("page"));
    if (!hall || !me || !counter) {
      set(this.number, me ? say("choose_counter") : say("connecting"));
      return;
    }
    const acts = possible(sight);
    const text = (verb) => BRIEF[verb] || acts[verb] || verb;
    const each = (shown, verb) => shown.show(verb, text(verb), verb in acts, this.pressing.pending);
    set(this.window, say("window_short", { number: counter.counter }));
    set(this.number, counter.call ? ticketOf(counter.ticket) : say(`state_${counter.state}`));
    each(this.main, likely(counter));
    this.beside.forEach((shown, place) => {
      const verb = BESIDE[counter.state][place];
      shown.button.hidden = !verb;
      if (verb) each(shown, verb);
    });
    this.waiting.hidden = Boolean(counter.call);
    set(this.waiting, say("nobody_here_waiting", { waiting: counter.waiting }));
    this.tick(sight);
  }

  tick(sight) {
    const { counter, now, hall, cut, here } = sight;
    if (!counter || !hall) return;
    this.undo.button.hidden = !here || Boolean(cut) || !offered(sight);
    const going = counter.call && progress(counter.card, now);
    this.words.dataset.look = going ? going.look : "well";
    if (cut) set(this.words, say("cut_off_short", { age: ticking((now - cut) / 1000) }));
    else if (!here) set(this.words, say("away_short", { age: sight.since ? ticking((now - sight.since) / 1000) : "" }));
    else if (going) set(this.words, `${ticking(going.seconds)} ${this.service(sight)}`);
    else if (counter.call && counter.card) set(this.words, `${ticking((now - Date.parse(counter.card.called_at)) / 1000)} ${this.service(sight)}`);
    else set(this.words, "");
  }

  service({ counter, hall }) {
    return name((hall.services.find((each) => each.id === counter.card.service) || {}).name);
  }
}

/** A bar of a signed-out clerk: the page signs in. */
export function signedOutBar(root, why) {
  const strip = el(
    "main", { class: "strip" }, el("h1", { class: "bar-number" }, why || say("nobody_signed_in")),
    el("button", { type: "button", class: "key main", onclick: () => window.open("/console", "hallcall-console") }, say("sign_in")),
  );
  root.append(strip);
  return strip;
}

/** Open the bar above all windows where the browser can, in a window of its own elsewhere. */
export async function openBar() {
  if ("documentPictureInPicture" in window) {
    try {
      const above = await window.documentPictureInPicture.requestWindow({ width: WIDE, height: HIGH });
      const frame = above.document.createElement("iframe");
      frame.src = "/console/bar";
      frame.title = say("bar");
      for (const part of [above.document.documentElement, above.document.body, frame]) {
        part.style.cssText = "margin:0;border:0;width:100%;height:100%;overflow:hidden;display:block";
      }
      above.document.body.append(frame);
      frame.focus();
      return;
    } catch (_) {
      /* refused: a window of its own will do */
    }
  }
  window.open("/console/bar", "hallcall-bar", `popup,width=${WIDE},height=${HIGH}`);
}

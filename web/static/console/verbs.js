/* The acts as buttons: each with its key, each in its place; the likely one is the largest. */

import { KEYS, likely, possible } from "./acts.js";
import { el, key, set } from "./draw.js";
import { say } from "./words.js";

const STEADY_MS = 350; // a second click of a double click never does the next act
const ALERTS = new Set(["no_show"]);

/** What stands in the main place and in the wide one below it, in each state. */
const PLACES = {
  idle: ["next", "arm"], called: ["start", "finish"], serving: ["finish", "next"],
  paused: ["open", "arm"], closed: ["open", "arm"],
};
const SMALL = ["by_number", "walk_up", "not_entitled", "pause", "close", "arm"];

class Verb {
  constructor(pressing, className) {
    this.verb = null;
    this.since = 0;
    this.text = el("span");
    this.letter = key("");
    this.button = el(
      "button",
      { type: "button", class: className, onclick: (event) => this.clicked(event, pressing) }, this.text, this.letter,
    );
  }

  clicked(event, pressing) {
    if (event.detail > 0 && performance.now() - this.since < STEADY_MS) return;
    if (this.button.getAttribute("aria-disabled") !== "true") pressing.press(this.verb);
  }

  show(verb, text, can, pending) {
    if (verb !== this.verb) {
      this.verb = verb;
      this.since = performance.now();
      this.button.dataset.verb = verb;
      this.button.dataset.key = verb;
      this.button.setAttribute("aria-keyshortcuts", KEYS[verb]);
      set(this.letter, KEYS[verb]);
      this.button.classList.toggle("alert", ALERTS.has(verb));
    }
    set(this.text, say(text));
    this.button.setAttribute("aria-disabled", String(!can));
    this.button.setAttribute("aria-busy", String(pending.has(verb)));
  }
}

export class Verbs {
  constructor(pressing) {
    this.pressing = pressing;
    this.main = new Verb(pressing, "key main");
    this.wide = new Verb(pressing, "key");
    this.fixed = ["recall", "no_show", "hold", "transfer"].map((verb) => [verb, new Verb(pressing, "key")]);
    this.small = SMALL.map((verb) => [verb, new Verb(pressing, "key small")]);
    const [recall, no_show, hold, transfer] = this.fixed.map(([, each]) => each.button);
    this.large = el("div", { class: "verbs" }, this.main.button, recall, no_show, this.wide.button, hold, transfer);
    this.row = el("div", { class: "small-verbs" }, this.small.map(([, each]) => each.button));
  }

  show(sight) {
    const acts = possible(sight);
    const pending = this.pressing.pending;
    const [first, second] = PLACES[sight.counter.state];
    const each = (shown, verb) => shown.show(verb, acts[verb] || this.usual(verb, sight), verb in acts, pending);
    each(this.main, likely(sight.counter) || first);
    each(this.wide, second);
    for (const [verb, shown] of this.fixed) each(shown, verb);
    for (const [verb, shown] of this.small) {
      each(shown, verb);
      shown.button.hidden = verb === second;
    }
  }

  usual(verb, { counter }) {
    if (verb === "arm" && counter.armed) return "disarm";
    if (verb === "open") return counter.state === "paused" ? "open_again" : "open";
    if (verb === "next" && counter.call) return "finish_next";
    if (verb === "finish" && counter.state === "called") return "finish_short";
    return verb;
  }
}

/** One act in the compact bar. */
export const barVerb = (pressing, className) => new Verb(pressing, className);

/* The whole page: a head, the visit and the acts on the left, what waits on the right. */

import { OUTCOMES, offered, possible } from "./acts.js";
import { Aside } from "./aside.js";
import { el, key, redraw, set } from "./draw.js";
import { Verbs } from "./verbs.js";
import { VisitCard } from "./visit.js";
import { clock, current, name, other, say, span } from "./words.js";

export class Page {
  constructor(pressing, { speakOther }) {
    this.pressing = pressing;
    this.speakOther = speakOther;
    this.left = el("div", { class: "head-left" });
    this.right = el("div", { class: "head-right" });
    this.time = el("time", { class: "num" });
    this.visit = new VisitCard();
    this.verbs = new Verbs(pressing);
    this.undo = el("div", { class: "undo" });
    this.undoLeft = el("span", { class: "num" });
    this.outcomes = el("section", { class: "card outcomes" });
    this.aside = new Aside(pressing);
    this.empty = el("section", { class: "card choose" });
    this.work = el("div", { class: "left" }, this.visit.root, this.verbs.large, this.verbs.row, this.undo, this.outcomes);
    this.main = el("main", { id: "main" }, this.work, this.aside.root);
    this.root = el("div", { class: "page" }, el("header", {}, this.left, el("div", { class: "head-right" }, this.right, this.time)), this.main);
  }

  show(sight) {
    const { counter, hall, me } = sight;
    if (!hall || !me) return;
    redraw(this.left, [me, hall.counters, hall.services, counter && counter.state, counter && counter.clerk, current()], () => this.head(sight));
    redraw(this.right, [me.role, current()], () => this.tools());
    const at = Boolean(counter);
    this.work.hidden = !at;
    this.aside.root.hidden = !at;
    if (!at) {
      redraw(this.main, ["choose", current()], () => [this.choose(), this.aside.supervisor]);
      this.aside.showSupervisor(sight);
      return;
    }
    if (this.main.firstChild !== this.work) {
      delete this.main.dataset.shown;
      this.main.replaceChildren(this.work, this.aside.root);
      this.aside.root.append(this.aside.supervisor);
    }
    this.visit.show(sight);
    this.verbs.show(sight);
    this.aside.show(sight);
    this.outcomes.hidden = counter.state !== "serving";
    const can = "finish" in possible(sight);
    redraw(this.outcomes, [counter.state, can, current()], () => this.ends(can));
    this.offer(sight);
    this.tick(sight);
  }

  tick(sight) {
    set(this.time, clock(sight.now));
    if (!sight.counter) return;
    this.visit.tick(sight);
    this.offer(sight);
  }

  head({ me, hall, counter }) {
    const known = hall.counters.find((each) => each.number === me.counter);
    const skills = known ? known.skills.map((id) => name((hall.services.find((each) => each.id === id) || {}).name)).filter(Boolean) : [];
    return [
      el("h1", {}, me.counter ? say("window", { number: me.counter }) : name(hall.name)),
      el("span", { class: "pill num" }, me.role === "supervisor" ? `${say("supervisor")} ${me.clerk}` : say("clerk", { clerk: me.clerk })),
      counter && el("span", { class: `pill state ${counter.state}` }, say(`state_${counter.state}`)),
      skills.length ? el("span", { class: "pill skills", title: say("skills") }, skills.join(" · ")) : null,
    ];
  }

  tools() {
    const press = (verb) => () => this.pressing.press(verb);
    const tool = (verb, letter, text) =>
      el("button", { type: "button", class: "pill", data: { key: verb }, "aria-keyshortcuts": letter, onclick: press(verb) }, text, letter && key(letter));
    return [
      tool("bar", "B", say("bar")),
      tool("keys", "?", say("keys")),
      tool("move", "Z", say("move")),
      el("button", { type: "button", class: "pill", data: { key: "language" }, lang: other() === "zh" ? "zh-CN" : "en", onclick: this.speakOther }, say("other_language")),
      tool("sign_out", null, say("sign_out")),
    ];
  }

  choose() {
    return el(
      "section", { class: "card choose" }, el("h2", {}, say("choose_counter")),
      el("button", { type: "button", class: "key main", onclick: () => this.pressing.others.move() }, el("span", {}, say("move")), key("Z")),
    );
  }

  ends(can) {
    const chip = (outcome, place) =>
      el(
        "button",
        { type: "button", class: `chip${place ? "" : " on"}`, data: { outcome, key: outcome }, "aria-keyshortcuts": String(place + 1), "aria-disabled": String(!can), onclick: () => this.pressing.press("finish", { outcome }) },
        key(place + 1), el("span", {}, say(`outcome_${outcome}`)),
      );
    return [el("h3", {}, say("outcome")), el("div", { class: "chips" }, OUTCOMES.map(chip))];
  }

  offer(sight) {
    const undo = sight.here && !sight.cut ? offered(sight) : null;
    if (!undo) {
      redraw(this.undo, null, () => []);
      return;
    }
    set(this.undoLeft, say("undo_left", { left: span(undo.left) }));
    redraw(this.undo, [undo.act, undo.ticket, undo.until, current()], () => [
      el("span", {}, say("undo_offer", { act: actName(undo) })), this.undoLeft,
      el("button", { type: "button", class: "key tiny", data: { key: "undo", verb: "undo" }, "aria-keyshortcuts": "U", onclick: () => this.pressing.press("undo") }, say("undo"), key("U")),
    ]);
  }
}

const NAMED = ["TicketCalled", "CallRepeated", "ServiceStarted", "VisitEnded", "TransactionEnded", "VisitHeld", "VisitTransferred", "TicketReclassified", "CounterPaused", "CounterClosed", "WalkUpServed"];

function actName(undo) {
  const ticket = !undo.ticket || undo.ticket === "---" ? say("no_ticket") : undo.ticket;
  return say(NAMED.includes(undo.act) ? `act_${undo.act}` : "act_other", { ticket });
}

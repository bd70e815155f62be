/* The visit at the counter: its number, its service, how long it waited and why it was called. */

import { progress } from "./acts.js";
import { el, redraw, set } from "./draw.js";
import { current, name, say, secondName, span, ticking } from "./words.js";

const NO_TICKET = "---";

export const ticketOf = (ticket) => (ticket === NO_TICKET ? say("no_ticket") : ticket);

export class VisitCard {
  constructor() {
    this.what = el("div", { class: "what" });
    this.number = el("div", { class: "number num", role: "status", "aria-live": "polite" });
    this.fill = el("i");
    this.bar = el("div", { class: "bar", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, this.fill);
    this.time = el("p", { class: "time num" });
    this.why = el("p", { class: "why" });
    this.root = el(
      "section", { class: "card now", "aria-label": say("this_visit") },
      el("div", { class: "now-row" }, this.number, el("div", { class: "now-words" }, this.what, this.bar, this.time)), this.why,
    );
  }

  show(sight) {
    const { counter, hall } = sight;
    const card = counter.call ? counter.card : null;
    this.root.dataset.state = counter.state;
    set(this.number, counter.call ? ticketOf(counter.ticket) : say(`state_${counter.state}`));
    this.number.classList.toggle("none", !counter.call || counter.ticket === NO_TICKET);
    redraw(this.what, [counter.state, counter.waiting, counter.paused, counter.armed, counter.call, card, counter.visits_before, current(), hall.day, counter.times], () =>
      counter.call ? this.visit(sight, card) : this.empty(sight),
    );
    redraw(this.why, [card && card.rule, card && card.waited_s, card && card.visit, current()], () => this.reason(card));
    this.why.hidden = !this.why.textContent;
    this.tick(sight);
  }

  visit({ counter, hall }, card) {
    if (!card) return [];
    const service = hall.services.find((each) => each.id === card.service) || {};
    const called = hall.classes.find((each) => each.id === card.priority_class);
    const waited = Math.round(card.waited_s / 60);
    const over = card.target_s && card.waited_s > card.target_s ? Math.ceil((card.waited_s - card.target_s) / 60) : 0;
    const words = [
      say("waited", { minutes: waited }) + (card.promised_min ? `（${say("promised", { minutes: card.promised_min })}）` : ""),
      called ? name(called.name) : null,
      counter.visits_before === null || counter.visits_before === undefined
        ? null
        : counter.visits_before ? say("visit_number", { number: counter.visits_before + 1 }) : say("first_visit"),
    ].filter(Boolean);
    if (current() === "en") words[0] = words[0].replace("（", " (").replace("）", ")");
    const needs = card.needs.map((id) => (hall.needs.find((each) => each.id === id) || {}).name).filter(Boolean);
    const then = card.then.map((id) => name((hall.services.find((each) => each.id === id) || {}).name)).join(current() === "zh" ? "、" : ", ");
    return [
      el("h2", {}, name(service.name), " ", el("small", { lang: current() === "zh" ? "en" : "zh-CN" }, secondName(service.name))),
      el("p", { class: "num" }, words.join(" · "), over ? el("b", { class: "over" }, ` ${say("over_target", { minutes: over })}`) : null),
      el(
        "p", { class: "tags" },
        counter.language === "en" ? el("span", { class: "tag" }, say("language_en")) : null,
        needs.map((each) => el("span", { class: "tag" }, name(each))),
        then ? el("span", { class: "tag" }, say("then", { services: then })) : null,
      ),
    ];
  }

  empty({ counter, hall }) {
    if (counter.state === "closed") return [el("h2", {}, say("closed_title")), el("p", {}, say("closed_body", { key: "O" }))];
    if (counter.state === "paused") {
      const reason = hall.pause_reasons.find((each) => each.id === counter.paused);
      return [
        el("h2", {}, say("paused_title", { reason: reason ? name(reason.name) : counter.paused })),
        el("p", {}, counter.waiting ? say("nobody_here_waiting", { waiting: counter.waiting }) : say("nobody_waits")),
      ];
    }
    return [
      el("h2", {}, counter.waiting ? say("nobody_here_waiting", { waiting: counter.waiting }) : say("nobody_waits")),
      el("p", {}, counter.armed ? say("armed_body") : say("nobody_here")),
    ];
  }

  reason(card) {
    if (!card || !card.rule) return [];
    const rule = `rule_${card.rule.split(" ")[0]}`;
    const known = ["share", "fcfs", "due", "strict", "ratio", "rules", "rule", "bound", "absolute", "return", "first", "follow_up", "by_number", "resume"];
    const text = say(known.includes(rule.slice(5)) ? rule : "rule_other");
    const target = Math.round(card.target_s / 60);
    if (!target) return [el("b", {}, say("why")), ` ${text}`];
    const share = Math.round((100 * card.waited_s) / card.target_s);
    return [el("b", {}, say("why")), " ", say("why_because", { rule: text, waited: Math.round(card.waited_s / 60), target, share })];
  }

  /** Every second: times go on. */
  tick(sight) {
    const { counter, now, hall } = sight;
    const going = counter.call && counter.card ? progress(counter.card, now) : null;
    this.bar.hidden = !going || !going.usual;
    if (going) {
      this.bar.dataset.look = going.look;
      this.fill.style.width = `${Math.min(100, going.share * 100)}%`;
      this.bar.setAttribute("aria-valuenow", String(Math.min(100, Math.round(going.share * 100))));
      this.bar.setAttribute("aria-label", say("served_for"));
      const over = going.seconds - going.usual;
      const text = `${say("served_for")} ${say("of_usual", { span: ticking(going.seconds), minutes: counter.card.minutes })}`;
      set(this.time, over > 60 && going.usual ? `${text} · ${say("longer", { span: span(over) })}` : text);
      this.time.dataset.look = going.look;
      return;
    }
    this.time.dataset.look = "well";
    if (counter.call && counter.card) {
      const since = (now - Date.parse(counter.card.called_at)) / 1000;
      set(this.time, say("called_for", { span: ticking(since), times: counter.times, most: hall.calls }));
    } else if (counter.state === "paused" && counter.since) {
      set(this.time, say("paused_for", { span: span((now - Date.parse(counter.since)) / 1000) }));
    } else set(this.time, "");
  }
}

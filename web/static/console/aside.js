/* The right side: what waits (never who is next), this visit's steps, notes, who is on hold, outcomes owed. */

import { KEYS, steps } from "./acts.js";
import { el, key, redraw, set } from "./draw.js";
import { clock, current, has, name, say } from "./words.js";

const SAVED_AFTER_MS = 900;

export class Aside {
  constructor(pressing) {
    this.pressing = pressing;
    const card = (className, ...inside) => el("section", { class: `card ${className}` }, ...inside);
    this.queues = card("queues");
    this.history = card("history");
    this.held = card("list");
    this.owed = card("list");
    this.supervisor = card("supervisor");
    this.notes = card("notes");
    this.noteHead = el("h3", {}, el("label", { for: "note" }), key(KEYS.note));
    this.noteList = el("div");
    this.note = el("textarea", { id: "note", rows: 2, maxlength: 500, oninput: () => this.typed(), onblur: () => this.keep() });
    this.noteState = el("small", { role: "status" });
    this.notes.append(this.noteHead, this.noteList, this.note, this.noteState);
    this.noteOf = null; // the visit that the text belongs to
    this.dirty = false;
    this.root = el("aside", {}, this.queues, this.owed, this.held, this.notes, this.history, this.supervisor);
  }

  show(sight) {
    const { counter, hall, queues } = sight;
    const service = (id) => name((hall.services.find((each) => each.id === id) || {}).name);
    redraw(this.queues, [queues, current(), hall.services], () => this.waits(queues, service));
    redraw(this.history, [counter.card, counter.call, current()], () => this.story(sight, service));
    redraw(this.held, [counter.held_visits, counter.call, current()], () => this.onHold(counter, service));
    redraw(this.owed, [counter.owed_visits, current()], () => this.owing(counter, service));
    this.showSupervisor(sight);
    this.history.hidden = !counter.call;
    this.held.hidden = !(counter.held_visits || []).length;
    this.owed.hidden = !(counter.owed_visits || []).length;
    this.showNotes(sight);
  }

  showSupervisor(sight) {
    redraw(this.supervisor, [sight.me && sight.me.role, sight.hall.evacuation, sight.spares, sight.clock, current()], () => this.supervise(sight));
    this.supervisor.hidden = !sight.me || sight.me.role !== "supervisor";
  }

  waits(queues, service) {
    const rows = (queues && queues.queues) || [];
    const line = (row) =>
      el(
        "tr", { class: row.waiting ? null : "none" }, el("th", { scope: "row" }, service(row.service)), el("td", { class: "count" }, String(row.waiting)),
        el("td", {}, this.range(row)),
      );
    const mine = rows.filter((row) => row.mine !== false);
    const others = rows.filter((row) => row.mine === false && row.waiting);
    const body = (title, list) =>
      list.length ? el("tbody", {}, el("tr", { class: "head" }, el("th", { scope: "rowgroup", colspan: 3 }, title)), list.map(line)) : null;
    return [
      el(
        "table", { class: "num" },
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, say("mine")), el("th", { scope: "col" }, say("waiting_head")), el("th", { scope: "col" }, say("range_head")))),
        el("tbody", {}, mine.map(line)), body(say("others"), others),
      ),
    ];
  }

  range(row) {
    if (row.wait_low_min === null || row.wait_low_min === undefined) return say("unknown");
    if (!row.wait_high_min) return say("at_once");
    return row.wait_low_min === row.wait_high_min ? String(row.wait_high_min) : say("range", { low: row.wait_low_min, high: row.wait_high_min });
  }

  story(sight, service) {
    if (!sight.counter.call) return [];
    const step = ([at, text, blanks, past]) => {
      const what = past && past.to ? (has(`short_${past.to}`) ? say(`short_${past.to}`) : service(past.to) || past.to) : "";
      return el("li", {}, el("time", { class: "num" }, clock(at)), el("span", {}, say(text, blanks) + (what ? say("step_reason", { what }) : "")));
    };
    const card = sight.counter.card;
    const known = card && sight.hall.services.find((each) => each.id === card.service);
    const documents = (known && known.documents) || [];
    return [
      el("h3", {}, say("this_visit")), el("ol", { class: "steps" }, steps(sight.counter).map(step)),
      documents.length ? el("h4", {}, say("documents")) : null,
      documents.length ? el("p", {}, documents.map(name).join(current() === "zh" ? "、" : ", ")) : null,
    ];
  }

  onHold(counter, service) {
    if (!(counter.held_visits || []).length) return [];
    const row = (each) =>
      el(
        "li", {}, el("b", { class: "num" }, each.ticket),
        el("span", {}, service(each.service), el("small", {}, `${say(`short_${each.hold}`)} · ${say("held_until", { time: clock(each.until) })}`)),
        el(
          "button",
          {
            type: "button", class: "key tiny", data: { key: `resume-${each.ticket}` }, "aria-disabled": String(Boolean(counter.call)),
            onclick: () => this.pressing.press("resume", { ticket: each.ticket }), "aria-label": `${say("resume")} ${each.ticket}`,
          },
          say("resume"),
        ),
      );
    return [el("h3", {}, say("held_title"), key(KEYS.resume)), el("ul", {}, (counter.held_visits || []).map(row))];
  }

  owing(counter, service) {
    if (!(counter.owed_visits || []).length) return [];
    const row = (each) =>
      el(
        "li", {}, el("b", { class: "num" }, each.ticket),
        el("span", {}, service(each.service), el("small", {}, say("ended_at", { time: clock(each.ended_at) }))),
        el(
          "button",
          {
            type: "button", class: "key tiny", data: { key: `owed-${each.visit}` },
            onclick: () => this.pressing.press("owed", { visit: each.visit }), "aria-label": `${say("owed")} ${each.ticket}`,
          },
          say("outcome"),
        ),
      );
    return [el("h3", {}, say("owed_title"), key(KEYS.owed)), el("ul", {}, (counter.owed_visits || []).map(row))];
  }

  supervise({ hall, me, spares, clock }) {
    if (!me || me.role !== "supervisor") return [];
    const button = (what, text, alert) =>
      el("button", { type: "button", class: `key tiny${alert ? " alert" : ""}`, data: { key: what }, onclick: () => this.pressing.supervise(what) }, say(text));
    return [
      el("h3", {}, say("supervisor")),
      el("div", { class: "tiny-keys" }, button("reclassify", "reclassify"), button("by_hand", "by_hand"), button("evacuate", hall.evacuation ? "evacuate_end" : "evacuate", true)),
      ...this.wrongClock(clock),
      ...this.waitingSpares(spares),
    ];
  }

  /** The hall goes on with its last day, until a person says which day it is. */
  wrongClock(clock) {
    if (!clock || !clock.wrong) return [];
    return [
      el("h3", {}, say("clock_wrong")),
      el("p", { class: "refused clock", role: "alert" }, say("clock_wrong_body")),
      el("button", { type: "button", class: "key tiny", data: { key: "date" }, onclick: () => this.pressing.supervise("date") }, say("clock_confirm")),
    ];
  }

  /** Machines from the cupboard; the code is on their own screens only. */
  waitingSpares(spares) {
    if (!spares || !spares.waiting.length) return [];
    const row = (serial) =>
      el(
        "li", {}, el("span", {}, el("b", {}, say("spare")), el("small", { class: "num" }, serial)),
        el("button", { type: "button", class: "key tiny", data: { key: `spare-${serial}` }, onclick: () => this.pressing.supervise("spare") }, say("spare_approve")),
      );
    return [
      el("h3", {}, say("spares_title")),
      el("ul", { class: "spares" }, spares.waiting.map(row)),
      spares.refused ? el("p", { class: "refused", role: "alert" }, spares.refused) : null,
    ];
  }

  // Notes ------------------------------------------------------------------------------------------------------------

  showNotes(sight) {
    const { counter, notes, me } = sight;
    const visit = counter.call && counter.card ? counter.card.visit : null;
    set(this.noteHead.firstChild, say("notes"));
    this.note.placeholder = visit ? say("notes_hint") : say("note_none");
    this.note.disabled = !visit;
    const known = notes && notes.visit === visit ? notes.notes : [];
    const mine = known.find((each) => me && each.clerk === me.clerk && each.counter === counter.counter);
    if (visit !== this.noteOf) {
      this.noteOf = visit;
      this.dirty = false;
      this.note.value = mine ? mine.text : "";
      set(this.noteState, "");
    } else if (!this.dirty && document.activeElement !== this.note && mine) this.note.value = mine.text;
    const others = known.filter((each) => each !== mine);
    redraw(this.noteList, [others, current()], () =>
      others.map((each) =>
        el("p", { class: "noted" }, each.text, el("small", { class: "num" }, `${clock(each.at)} · ${say("notes_by", { counter: each.counter, clerk: each.clerk })}`)),
      ),
    );
  }

  typed() {
    this.dirty = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), SAVED_AFTER_MS);
  }

  async keep() {
    clearTimeout(this.timer);
    if (!this.dirty || !this.noteOf) return;
    this.dirty = false;
    set(this.noteState, say("note_saving"));
    const kept = await this.pressing.keepNote(this.note.value.trim());
    set(this.noteState, kept ? say("note_saved") : "");
    if (!kept) this.dirty = true;
  }
}

/* From a press to the hall: asks what has to be asked first, sends one act, and says what became of it. */

import { HOLDS, OUTCOMES, possible } from "./acts.js";
import { ask, asking, chips, choices, dismiss, field, group } from "./dialogs.js";
import { el } from "./draw.js";
import { act, post } from "./server.js";
import { clear, toast } from "./toasts.js";
import { name, say } from "./words.js";

/** In the bar there is room for few words. */
const brief = () => document.documentElement.dataset.layout === "bar";
const SIMPLE = { start: "StartService", recall: "Recall", no_show: "MarkNoShow", open: "OpenCounter", undo: "Undo" };

export class Pressing {
  /** `sight()` is what the page shows now; `changed()` draws it anew. */
  constructor(sight, changed, others) {
    this.sight = sight;
    this.changed = changed;
    this.others = others;
    this.pending = new Set();
    this.asked = undefined; // the call about which a dialog asks
  }

  /** Close a dialog whose visit is gone. */
  seen(counter) {
    if (this.asked === undefined || !counter || this.asked === (counter.call || null)) return;
    if (!asking()) return;
    this.asked = undefined;
    dismiss();
    toast(say("changed_meanwhile"));
  }

  async press(verb, how = {}) {
    const sight = this.sight();
    if (asking() || this.pending.size) return;
    if (this.others[verb]) {
      this.others[verb]();
      return;
    }
    if (!sight.counter || !(verb in possible(sight))) return;
    const seen = { counter: sight.counter.counter, seen: sight.counter.call || null, view_seq: sight.counter.seq };
    this.asked = seen.seen;
    clear();
    const fields = await this.fields(verb, sight, how);
    this.asked = undefined;
    if (!fields) return;
    if (fields.type === "StateOutcome") delete seen.seen; // it is about a visit that has ended
    await this.send(verb, { ...fields, ...seen });
  }

  async send(verb, fields) {
    this.pending.add(verb);
    document.body.setAttribute("aria-busy", "true");
    this.changed();
    const { next, ...sent } = fields;
    let answer = await act(sent);
    if (answer.body.done && next) answer = await act({ type: "CallNext", counter: sent.counter, seen: null });
    this.pending.delete(verb);
    document.body.removeAttribute("aria-busy");
    this.changed();
    this.told(answer);
  }

  told({ status, body }) {
    if (body.done) return;
    if (status === 401) {
      this.others.signedOut();
      return;
    }
    const text = body.text || say(status === 0 ? "unreachable" : "failed");
    const calm = body.reason === "nobody_waits" || body.reason === "stale";
    toast(text, { meanwhile: body.meanwhile || [], kind: calm ? "calm" : "wrong" });
  }

  /** Return the fields of an act, asked for where they are needed; null when the clerk goes back. */
  async fields(verb, sight, how) {
    const { counter, hall } = sight;
    const busy = counter.call !== null && counter.call !== undefined;
    if (SIMPLE[verb]) return { type: SIMPLE[verb] };
    switch (verb) {
      case "next":
        if (!busy) return { type: "CallNext" };
        return this.finish(sight, {}, true);
      case "finish":
        return this.finish(sight, how, false);
      case "hold":
        return this.chosen(
          say("hold_title", { ticket: counter.ticket }), HOLDS.map((each) => [each, say(`${brief() ? "short" : "hold"}_${each}`)]),
          (hold) => ({ type: "HoldVisit", hold }),
        );
      case "pause":
        return this.chosen(
          say("pause_title"), hall.pause_reasons.map((each) => [each.id, name(each.name)]),
          (reason) => ({ type: "PauseCounter", reason }),
        );
      case "walk_up":
        return this.chosen(
          say("walk_up_title"), this.services(sight).map((each) => [each.id, name(each.name)]),
          (service) => ({ type: "ServeWithoutTicket", service }),
        );
      case "resume": {
        const held = counter.held_visits || [];
        if (how.ticket || held.length === 1) return { type: "ResumeVisit", ticket: how.ticket || held[0].ticket };
        return this.chosen(
          say("held_title"), held.map((each) => [each.ticket, each.ticket, say(`short_${each.hold}`)]),
          (ticket) => ({ type: "ResumeVisit", ticket }),
        );
      }
      case "arm":
        return { type: "ArmCounter", armed: !counter.armed };
      case "close":
        return this.close(counter);
      case "not_entitled":
        return ask({
          title: say("not_entitled_title", { ticket: counter.ticket }), body: say("not_entitled_body"),
          submit: say("not_entitled_do"), read: () => ({ type: "NotEntitled" }),
        });
      case "by_number":
        return this.byNumber();
      case "transfer":
        return this.transfer(sight);
      case "owed":
        return this.owed(sight, how);
      default:
        return null;
    }
  }

  /** The services that this counter may take, its own first. */
  services({ counter, hall }) {
    const known = hall.counters.find((each) => each.number === counter.counter);
    const may = known ? [...known.skills, ...(known.helps || [])] : [];
    return hall.services.filter((each) => may.includes(each.id));
  }

  chosen(title, list, made) {
    return ask({ title, fill: (answer) => choices(list, answer, title) }).then((value) => value && made(value));
  }

  async finish(sight, { outcome }, next) {
    const { counter, hall } = sight;
    const made = (stated) => stated && { type: "FinishService", next, ...stated };
    if (!outcome && !hall.outcome_mandatory) return made({});
    return made(await this.outcome(hall, counter.ticket, outcome));
  }

  /** Ask for an outcome and what belongs to it. */
  async outcome(hall, ticket, chosen) {
    const title = say("outcome_title", { ticket: ticket === "---" ? say("no_ticket") : ticket });
    const list = OUTCOMES.map((each) => [each, say(`outcome_${each}`)]);
    const outcome = chosen || (await ask({ title, fill: (answer) => choices(list, answer, title) }));
    if (!outcome) return null;
    if (outcome === "follow_up") {
      const date = el("input", { type: "date", min: new Date().toISOString().slice(0, 10), autofocus: true });
      return ask({
        title: say("outcome_follow_up"), fill: () => field(say("due"), date, say("due_optional")),
        submit: say("finish_short"), read: () => ({ outcome, ...(date.value ? { due: date.value } : {}) }),
      });
    }
    if (outcome === "escalated") {
      const reason = el("input", { type: "text", maxlength: 80, autocomplete: "off", autofocus: true });
      return ask({
        title: say("outcome_escalated"), fill: () => field(say("escalate_reason"), reason),
        submit: say("finish_short"), read: () => ({ outcome, ...(reason.value.trim() ? { reason: reason.value.trim() } : {}) }),
      });
    }
    if (outcome === "declined") {
      return this.chosen(
        say("decline_reason"), hall.decline_reasons.map((each) => [each.id, name(each.name)]),
        (reason) => ({ outcome, reason }),
      );
    }
    return { outcome };
  }

  async owed({ counter, hall }, how) {
    const owed = counter.owed_visits || [];
    let visit = how.visit || (owed.length === 1 ? owed[0].visit : null);
    if (!visit) {
      const named = (each) => name((hall.services.find((one) => one.id === each.service) || {}).name);
      const list = owed.map((each) => [each.visit, each.ticket, named(each)]);
      visit = await ask({ title: say("owed_title"), fill: (answer) => choices(list, answer, say("owed_title")) });
    }
    const known = owed.find((each) => each.visit === visit);
    if (!known) return null;
    const stated = await this.outcome(hall, known.ticket, how.outcome);
    return stated && { type: "StateOutcome", visit, ...stated };
  }

  close(counter) {
    const owed = (counter.owed_visits || []).length;
    const held = (counter.held_visits || []).length;
    const left = (owed ? say("close_owed", { count: owed }) : "") + (held ? say("close_held", { count: held }) : "");
    return ask({
      title: say("close_title", { number: counter.counter }), body: say("close_body", { owed: left }),
      submit: say("close"), read: () => ({ type: "CloseCounter" }),
    });
  }

  byNumber() {
    const ticket = el("input", {
      type: "text", class: "large num", maxlength: 8, autocomplete: "off", autocapitalize: "characters", spellcheck: "false",
      required: true, autofocus: true,
    });
    return ask({
      title: say("by_number_title"), body: say("by_number_body"), fill: () => field(say("ticket"), ticket, say("ticket_hint")),
      submit: say("call_it"),
      read: () => {
        const typed = ticket.value.replace(/\s/g, "").toUpperCase();
        return typed ? { type: "CallTicket", ticket: typed } : undefined;
      },
    });
  }

  transfer({ counter, hall }) {
    const here = counter.card && counter.card.service;
    const services = el(
      "select", {},
      hall.services.map((each) => el("option", { value: each.id, selected: each.id === here }, name(each.name))),
    );
    const counters = el(
      "select", {},
      hall.counters.filter((each) => each.number !== counter.counter)
        .map((each) => el("option", { value: each.number }, say("window", { number: each.number }))),
    );
    const clerks = hall.clerks.filter((each) => each.id !== counter.clerk);
    const clerk = el("select", {}, clerks.map((each) => el("option", { value: each.id }, say("clerk", { clerk: each.id }))));
    const parts = {
      service: field(say("to_service"), services), counter: field(say("to_counter"), counters), clerk: field(say("to_clerk"), clerk),
    };
    const offered = ["service", ...(counters.length ? ["counter"] : []), ...(clerks.length ? ["clerk"] : [])];
    const shown = (to) => {
      parts.counter.hidden = to !== "counter";
      parts.clerk.hidden = to !== "clerk";
    };
    shown("service");
    return ask({
      title: say("transfer_title", { ticket: counter.ticket }), wide: true, submit: say("transfer"),
      fill: () => [
        group(
          say("transfer_to"),
          chips("to", offered.map((each) => [each, say(`to_${each}`)]), "service", (event) => shown(event.target.value)),
        ),
        parts.counter, parts.clerk, parts.service,
        group(
          say("position"),
          chips("position", ["in_turn", "first", "last"].map((each) => [each, say(`position_${each}`)]), "in_turn"),
        ),
      ],
      read: (form) => {
        const to = new FormData(form).get("to");
        const made = { type: "TransferVisit", position: new FormData(form).get("position") };
        if (services.value !== here) made.service = services.value;
        if (to === "counter") made.to_counter = Number(counters.value);
        if (to === "clerk") made.to_clerk = clerk.value;
        return made;
      },
    });
  }

  /** A supervisor's own acts. */
  async supervise(what) {
    const { hall } = this.sight();
    const number = (hint) => el("input", { type: "text", class: "large num", maxlength: 8, required: true, autofocus: true, autocomplete: "off", placeholder: hint || null });
    let fields = null;
    if (what === "reclassify") {
      const ticket = number();
      const classes = el("select", {}, hall.classes.map((each) => el("option", { value: each.id }, name(each.name))));
      fields = await ask({
        title: say("reclassify_title"), submit: say("reclassify"),
        fill: () => [field(say("ticket"), ticket, say("ticket_hint")), field(say("priority_class"), classes)],
        read: () => ({ type: "Reclassify", ticket: ticket.value.trim().toUpperCase(), priority_class: classes.value }),
      });
    } else if (what === "by_hand") {
      const ticket = number();
      fields = await ask({
        title: say("by_hand_title"), body: say("by_hand_body"), submit: say("by_hand"),
        fill: () => field(say("ticket"), ticket, say("ticket_hint")),
        read: () => ({ type: "MarkServedByHand", up_to: ticket.value.trim().toUpperCase() }),
      });
    } else if (what === "date") {
      const today = new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 10);
      const day = el("input", { type: "date", class: "large num", required: true, autofocus: true, value: today });
      fields = await ask({
        title: say("clock_title"), body: say("clock_body"), submit: say("clock_confirm"),
        fill: () => field(say("clock_day"), day, say("clock_day_hint")),
        read: () => ({ type: "ConfirmDate", day: day.value }),
      });
    } else if (what === "spare") {
      const code = el("input", {
        type: "text", class: "large num", inputmode: "numeric", maxlength: 7, pattern: "[0-9]{3} ?[0-9]{3}", required: true, autofocus: true, autocomplete: "off", placeholder: "000 000",
      });
      const known = Object.entries(this.sight().spares.boxes).sort(([one, up], [other, also]) => Number(up) - Number(also) || one.localeCompare(other));
      const box = el("select", {}, known.map(([id, up]) => el("option", { value: id }, up ? id : say("spare_box_gone", { box: id }))));
      fields = await ask({
        title: say("spare_title"), body: say("spare_body"), submit: say("spare_approve"),
        fill: () => [field(say("spare_code"), code, say("spare_code_hint")), field(say("spare_box"), box, say("spare_box_hint"))],
        read: () => ({ type: "ApproveSpare", code: code.value.replace(/\s/g, ""), box: box.value }),
      });
    } else if (hall.evacuation) {
      fields = { type: "EndEvacuation" };
    } else {
      fields = await ask({
        title: say("evacuate_title"), body: say("evacuate_body"), submit: say("evacuate"), danger: true,
        read: () => ({ type: "StartEvacuation" }),
      });
    }
    if (fields) await this.send(what, fields);
  }

  async keepNote(text) {
    const { counter } = this.sight();
    const answer = await post("note", { text, seen: counter.call });
    if (!answer.body.done) this.told(answer);
    return Boolean(answer.body.done);
  }
}

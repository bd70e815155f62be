/* What a clerk may do now. Pure: from the counter's view, the hall and who is signed in. */

/** Each act's letter, in the order of the keys' list. */
export const KEYS = {
  next: "N", start: "S", finish: "F", recall: "R", no_show: "X", hold: "H", transfer: "T", undo: "U",
  open: "O", pause: "P", close: "Q", arm: "A", by_number: "C", walk_up: "W", not_entitled: "E",
  resume: "G", owed: "D", note: "M", move: "Z", bar: "B", stay: "K",
};
export const OUTCOMES = ["done", "follow_up", "escalated", "declined"];
export const HOLDS = ["documents_away", "documents_kept", "other_step"];

const BUSY = new Set(["called", "serving"]);

/** Return the acts that are possible, each with its text's key. */
export function possible(sight) {
  const { counter, hall, here, cut } = sight;
  const acts = {};
  if (!counter || !hall || !here || cut) return acts;
  const state = counter.state;
  const busy = BUSY.has(state);
  const give = (verb, text = verb) => {
    acts[verb] = text;
  };
  if (state === "closed") give("open");
  if (state === "paused") give("open", "open_again");
  if (!busy) {
    if (!hall.evacuation) {
      give("next");
      if (hall.call_by_number) give("by_number");
      give("walk_up");
      if ((counter.held_visits || []).length) give("resume");
    }
    if (state !== "paused") give("pause");
    if (state !== "closed") give("close");
  } else {
    give("next", "finish_next");
    give("finish", state === "called" ? "finish_short" : "finish");
    give("hold");
    give("transfer");
  }
  if (state === "called") {
    give("start");
    if (counter.times < hall.calls) give("recall");
    give("no_show");
    if (counter.card && counter.card.priority_class && counter.card.priority_class !== "ordinary") give("not_entitled");
  }
  if (state !== "closed" && state !== "paused") give("arm", counter.armed ? "disarm" : "arm");
  if (offered(sight)) give("undo");
  if ((counter.owed_visits || []).length) give("owed");
  if (busy) give("note");
  return acts;
}

/** Return the one act that is likely. */
export function likely(counter) {
  return { idle: "next", called: "start", serving: "finish", paused: "open", closed: "open" }[counter.state];
}

/** Return the undo that is still offered, with the seconds that are left. */
export function offered({ counter, now }) {
  const undo = counter && counter.undoable;
  if (!undo) return null;
  const left = (Date.parse(undo.until) - now) / 1000;
  return left > 0 ? { ...undo, left } : null;
}

/** Return how the service goes against its usual time: seconds, share of it, and how it looks. */
export function progress(card, now) {
  if (!card || !card.started_at) return null;
  const seconds = Math.max(0, (now - Date.parse(card.started_at)) / 1000);
  const usual = (card.minutes || 0) * 60;
  const share = usual ? seconds / usual : 0;
  const look = share > 1.5 ? "late" : share > 1 ? "long" : "well";
  return { seconds, usual, share, look };
}

/** Return the steps of this visit, oldest first, as [time, text's key, blanks]. */
export function steps(counter) {
  const card = counter.card;
  if (!card) return [];
  const found = [[card.issued_at, "step_issued", {}]];
  for (const step of card.past || []) {
    found.push([step.at, `step_${step.what}`, { number: step.counter || "–" }, step]);
  }
  if (card.called_at) found.push([card.called_at, "step_called", { number: counter.counter }]);
  if (card.started_at) found.push([card.started_at, "step_started", {}]);
  return found.sort((one, two) => Date.parse(one[0]) - Date.parse(two[0]));
}

/* The clerk's console. Oldest browsers: Chrome, Edge, 360 and QQ with Chromium 94, Firefox 102. No build step. */

import { KEYS, OUTCOMES } from "./acts.js";
import { Banners } from "./banners.js";
import { Bar, openBar, signedOutBar } from "./bar.js";
import { ask, asking, dismiss } from "./dialogs.js";
import { el } from "./draw.js";
import { Page } from "./page.js";
import { Pressing } from "./pressing.js";
import { get, Live, post, tell } from "./server.js";
import { move, signIn } from "./signing_in.js";
import * as toasts from "./toasts.js";
import { liveIn, load, other, remember, remembered, say, speak } from "./words.js";

const IS_BAR = location.pathname.endsWith("/bar");
const AGAIN_MS = 2000;

const sight = {
  me: null, hall: null, counter: null, queues: null, notes: null, spares: null, clock: null, here: true, since: null, cut: null, ending: null, now: Date.now(),
};
let ahead_ms = 0; // of the server's clock before ours
let page = null;
let banners = null;
let signing = false;

const others = {
  bar: () => openBar(),
  keys: () => showKeys(),
  move: () => moveCounter(),
  sign_out: () => signOut(),
  note: () => focusNote(),
  signedOut: () => signedOut(),
};
const pressing = new Pressing(() => sight, show, others);

const live = new Live({
  me: (me) => {
    sight.me = me;
    tell(me.token);
    if (me.left_s > (me.warn_s || 0)) sight.ending = null;
    if (!me.counter) sight.counter = null;
    show();
  },
  hall: (hall) => {
    sight.hall = hall;
    liveIn(hall.timezone);
    show();
  },
  counter: (counter) => {
    sight.counter = counter;
    pressing.seen(counter);
    show();
  },
  spares: (spares) => {
    sight.spares = spares;
    show();
  },
  clock: (clock) => {
    sight.clock = clock;
    show();
  },
  queues: (queues) => {
    sight.queues = queues;
    show();
  },
  notes: (notes) => {
    sight.notes = notes;
    show();
  },
  here: ({ here, since }) => {
    sight.here = here;
    sight.since = since ? Date.parse(since) : here ? null : now();
    show();
  },
  beat: ({ now: at, left_s }) => {
    ahead_ms = Date.parse(at) - Date.now();
    if (sight.ending && sight.me && left_s > (sight.me.warn_s || 0)) sight.ending = null;
    show();
  },
  ending: ({ left_s }) => {
    sight.ending = now() + left_s * 1000;
    show();
  },
  ended: ({ reason }) => signedOut(reason),
  cut: (since) => {
    if (since === null && sight.cut === null) return;
    sight.cut = since === null ? null : sight.cut || since + ahead_ms;
    show();
  },
  signedOut: () => signedOut(),
});

const now = () => Date.now() + ahead_ms;

function show() {
  sight.now = now();
  banners.show(sight);
  page.show(sight);
  const { counter, me } = sight;
  const shown = counter && counter.call ? counter.ticket : me && me.counter ? say("window", { number: me.counter }) : "";
  document.title = shown ? `${shown} · ${say("title")}` : say("title");
}

async function begin() {
  await load();
  document.documentElement.dataset.layout = IS_BAR ? "bar" : "page";
  banners = new Banners(stay);
  page = IS_BAR ? new Bar(pressing) : new Page(pressing, { speakOther });
  document.body.append(el("a", { class: "skip", href: "#main" }, say("skip")), banners.root, page.root, toasts.place());
  document.addEventListener("keydown", keyed);
  setInterval(() => {
    sight.now = now();
    banners.show(sight);
    if (sight.me) page.tick(sight);
  }, 1000);
  const me = await get("me");
  if (me.status === 200) enter(me.body);
  else await signedOut(undefined, true);
}

function enter(me) {
  tell(me.token);
  sight.me = me;
  sight.cut = null;
  sight.ending = null;
  show();
  live.open();
}

/** The session is over: the sign-in stands over the page until somebody signs in again. */
async function signedOut(reason, first = false) {
  if (signing) return;
  signing = true;
  live.close();
  dismiss();
  toasts.clear();
  const why = first ? null : say(`ended_${reason || "signed_out"}`);
  sight.me = null;
  sight.ending = null;
  sight.cut = null;
  cover(true);
  page.root.hidden = first || IS_BAR;
  banners.root.hidden = true;
  if (IS_BAR) await returned(why);
  else {
    const me = await signIn(document.body, why);
    sight.counter = null;
    signing = false;
    opened(me);
  }
}

function opened(me) {
  cover(false);
  page.root.hidden = false;
  banners.root.hidden = false;
  enter(me);
}

/** Take the page out of reach while the sign-in stands over it; browsers before Chromium 102 do not know `inert`. */
function cover(covered) {
  page.root.inert = covered;
  page.root.style.visibility = covered && !("inert" in HTMLElement.prototype) ? "hidden" : "";
}

/** The bar waits until the page has signed in. */
async function returned(why) {
  const strip = signedOutBar(document.body, why);
  for (;;) {
    const me = await get("me");
    if (me.status === 200) {
      strip.remove();
      signing = false;
      opened(me.body);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

async function stay() {
  const answer = await post("stay", {});
  if (answer.status === 401) signedOut();
  else if (answer.status === 200) {
    sight.me = answer.body;
    sight.ending = null;
  }
  show();
}

async function signOut() {
  await post("sign-out", {});
  signedOut("signed_out");
}

async function moveCounter() {
  if (!sight.hall || !sight.me) return;
  const answer = await move(sight.hall, sight.me);
  if (!answer) return;
  if (answer.status === 200) {
    sight.counter = null;
    enter(answer.body);
  } else pressing.told(answer);
}

function focusNote() {
  const note = document.getElementById("note");
  if (note) note.focus();
}

function speakOther() {
  speak(other());
  show();
}

// Keys ----------------------------------------------------------------------------------------------------------------

const VERB_OF = Object.fromEntries(Object.entries(KEYS).map(([verb, letter]) => [letter, verb]));

const keysOn = () => remembered("keys") !== "off";

function keyed(event) {
  if (event.key === "Escape" && event.target.id === "note") {
    event.target.blur();
    return;
  }
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || asking() || signing) return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  if (event.key === "?" && !IS_BAR) {
    showKeys();
    return;
  }
  if (!keysOn()) return;
  const letter = letterOf(event);
  const digit = /^(?:Digit|Numpad)([1-4])$/.exec(event.code);
  if (digit && sight.counter && sight.counter.state === "serving") {
    event.preventDefault();
    pressing.press("finish", { outcome: OUTCOMES[digit[1] - 1] });
  } else if (letter === "K" && sight.ending) {
    event.preventDefault();
    stay();
  } else if (VERB_OF[letter]) {
    event.preventDefault();
    pressing.press(VERB_OF[letter]);
  }
}

/** The letter of a key, also while an input method stands between. */
function letterOf(event) {
  if (/^[a-z]$/i.test(event.key)) return event.key.toUpperCase();
  const code = /^Key([A-Z])$/.exec(event.code);
  return code ? code[1] : "";
}

function showKeys() {
  const on = el("input", { type: "checkbox", id: "keys-on", checked: keysOn(), onchange: (event) => remember("keys", event.target.checked ? "on" : "off") });
  const text = { start: "start_short", finish: "finish_short", stay: "stay" };
  ask({
    title: say("keys_title"), body: say("keys_body"), wide: true,
    fill: () => [
      el("dl", { class: "keys-list" }, Object.entries(KEYS).map(([verb, letter]) => el("div", {}, el("dt", {}, el("kbd", {}, letter)), el("dd", {}, say(text[verb] || verb))))),
      el("p", { class: "check" }, on, el("label", { for: "keys-on" }, say("keys_on"))),
      el("p", { class: "lead" }, say("keys_global")),
    ],
  });
}

begin();

/* The page's words: in the clerk's language, from the hall's own texts. */

let tables = {};
let language = "zh";

export const current = () => language;
export const other = () => (language === "zh" ? "en" : "zh");

export async function load() {
  const answer = await fetch("/console/texts");
  tables = await answer.json();
  speak(remembered("language") || (navigator.language.startsWith("zh") ? "zh" : "en"));
}

export function speak(chosen) {
  language = chosen === "en" ? "en" : "zh";
  remember("language", language);
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}

export const has = (key) => key in tables[language].console;

export function say(key, blanks = {}, lang = language) {
  const text = tables[lang].console[key];
  if (text === undefined) throw new Error(`no text ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(blanks[name]));
}

export const name = (both) => (both ? both[language] || both.zh : "");
export const secondName = (both) => (both ? both[other()] : "");

/** How long something lasts, for people: seconds below a minute and a half, minutes above. */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 90 ? say("seconds", { seconds: whole }) : say("minutes", { minutes: Math.floor(whole / 60) });
}

/** A clock's reading of a duration, 12:04. */
export function ticking(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60);
  return `${minutes}:${String(whole % 60).padStart(2, "0")}`;
}

let hands = null;

/** From now on times are those of the hall's clock, whatever this PC believes. */
export function liveIn(timezone) {
  hands = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: timezone });
}

export const clock = (time) => (hands ? hands.format(new Date(time)) : "");

export function remembered(key) {
  try {
    return localStorage.getItem(`hallcall.${key}`);
  } catch (_) {
    return null; // storage is forbidden here: everything works, but is not remembered
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(`hallcall.${key}`, value);
  } catch (_) {
    /* as above */
  }
}

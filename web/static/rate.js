/* The rating page of a window: asks when a service has ended, once, and takes no for an answer. */
(() => {
  "use strict";

  const SILENT_MS = 12000; // nothing heard for so long: the page is cut off
  const THANKS_MS = 4000;
  const SVG = "http://www.w3.org/2000/svg";
  const base = location.pathname.replace(/\/rate$/, "");
  const part = (id) => document.getElementById(id);

  let shown = null; // what the server pushed last
  let language = "zh";
  let state = "idle"; // idle, asking, reasons, thanks
  let call = null; // that is asked about
  let asked_at = 0;
  let chosen = new Set();
  let timer = null;
  let heard = Date.now();
  const answered = new Set(); // calls that need no further question

  const word = (key, blanks = {}) =>
    shown.words[language][key].replace(/\{(\w+)\}/g, (_, name) => String(blanks[name]));

  function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  /* Post until the server answers: the id stays, so that nothing counts twice. */
  async function tell(path, fields) {
    const body = JSON.stringify({ id: uuid(), ...fields });
    for (let tries = 0; tries < 20; tries += 1) {
      try {
        const answer = await fetch(`${base}/${path}`, {
          method: "POST", headers: { "content-type": "application/json" }, body,
        });
        if (answer.status < 500) return;
      } catch (_) { /* cut off: once more */ }
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }

  function face(place, count) {
    const smile = 1 - (2 * place) / Math.max(1, count - 1); // 1 glad, -1 sad
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 100 100");
    svg.setAttribute("aria-hidden", "true");
    for (const line of [
      "M50 6a44 44 0 1 1-.1 0", "M34 38v6", "M66 38v6",
      `M28 ${66 - 6 * smile} Q50 ${66 + 18 * smile} 72 ${66 - 6 * smile}`,
    ]) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", line);
      svg.append(path);
    }
    return svg;
  }

  function button(text, press, picture) {
    const made = document.createElement("button");
    made.type = "button";
    if (picture) made.append(picture);
    made.append(text);
    made.addEventListener("click", press);
    return made;
  }

  function go(next, after_ms) {
    state = next;
    clearTimeout(timer);
    timer = after_ms ? setTimeout(timeOut, after_ms) : null;
    draw();
  }

  function timeOut() {
    if (state === "asking") {
      answered.add(call);
      tell("rate", { call, rating: null, after_ms: Math.round(performance.now() - asked_at) });
    }
    go("idle");
  }

  function ask() {
    if (!shown || !shown.rate || answered.has(shown.rate) || !shown.here) return;
    if (state === "asking" && call === shown.rate) return;
    call = shown.rate;
    language = shown.language;
    asked_at = performance.now();
    chosen = new Set();
    go("asking", shown.asks_s * 1000);
  }

  function rate(grade) {
    if (state !== "asking") return;
    answered.add(call);
    tell("rate", { call, rating: grade.grade, after_ms: Math.round(performance.now() - asked_at) });
    if (grade.bad && shown.reasons.length) go("reasons", shown.asks_s * 1000);
    else go("thanks", THANKS_MS);
  }

  function explain() {
    if (chosen.size) tell("why", { call, reasons: [...chosen] });
    go("thanks", THANKS_MS);
  }

  function draw() {
    if (!shown) return;
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    const away = !shown.here || Date.now() - heard > SILENT_MS;
    part("window").textContent = word("window", { number: shown.counter });
    part("clerk").textContent = shown.clerk ? word("clerk", { clerk: shown.clerk }) : "";
    part("photo").hidden = !shown.photo;
    if (shown.photo && part("photo").getAttribute("src") !== shown.photo) part("photo").src = shown.photo;
    part("language").textContent = word("other_language");
    part("language").lang = language === "zh" ? "en" : "zh-CN";
    part("title").textContent = word(state);
    part("note").textContent = away ? word("away") : word(`${state}_note`);
    part("send").hidden = state !== "reasons";
    part("send").textContent = word(chosen.size ? "send" : "skip");
    const choices = part("choices");
    const focused = [...choices.children].indexOf(document.activeElement);
    choices.className = state;
    choices.replaceChildren();
    if (state === "asking") {
      shown.grades.forEach((grade, place) => {
        choices.append(button(grade.name[language], () => rate(grade), face(place, shown.grades.length)));
      });
    } else if (state === "reasons") {
      for (const reason of shown.reasons) {
        const made = button(reason.name[language], () => {
          if (!chosen.delete(reason.id)) chosen.add(reason.id);
          go("reasons", shown.asks_s * 1000);
        });
        made.setAttribute("aria-pressed", String(chosen.has(reason.id)));
        choices.append(made);
      }
    }
    if (focused >= 0 && choices.children[focused]) choices.children[focused].focus();
  }

  part("language").addEventListener("click", () => {
    language = language === "zh" ? "en" : "zh";
    draw();
  });
  part("send").addEventListener("click", explain);

  const source = new EventSource(`${base}/live`);
  source.addEventListener("window", (event) => {
    heard = Date.now();
    shown = JSON.parse(event.data);
    if (state === "asking" && shown.rate !== call) go("idle"); // rated on a keypad, or the next customer was called
    ask();
    draw();
  });
  source.addEventListener("beat", () => {
    heard = Date.now();
  });
  setInterval(draw, 5000);
})();

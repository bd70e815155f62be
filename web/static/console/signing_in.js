/* Who is at the counter: signing in, over the page when a session has ended; moving; leaving. */

import { ask, field } from "./dialogs.js";
import { el, set } from "./draw.js";
import { get, post, tell } from "./server.js";
import { current, name, other, remember, remembered, say, speak } from "./words.js";

/** Show the sign-in until somebody is; return who. `why` says how the last session ended. */
export function signIn(root, why = null) {
  return new Promise((resolve) => {
    let pending = false;
    const draw = async () => {
      const start = (await get("start")).body;
      const before = Number(remembered("counter"));
      const clerk = el("input", {
        type: "text", name: "clerk", required: true, autocomplete: "username", maxlength: 32, autocapitalize: "none", spellcheck: "false",
        value: remembered("clerk") || "",
      });
      const pin = el("input", { type: "password", name: "pin", required: true, autocomplete: "current-password", maxlength: 64 });
      const counter = el(
        "select", { name: "counter" },
        (start.counters || []).map((each) =>
          el("option", { value: each, selected: each === before }, say("window", { number: each }))),
        el("option", { value: "" }, say("counter_none")),
      );
      const wrong = el("p", { class: "wrong", role: "alert", id: "sign-in-wrong" });
      const button = el("button", { type: "submit", class: "key main" }, say("sign_in"));
      const send = async (take_over = false) => {
        if (pending) return;
        pending = true;
        set(wrong, "");
        set(button, say("signing_in"));
        const chosen = counter.value ? Number(counter.value) : null;
        const answer = await post(
          "sign-in", { clerk: clerk.value.trim(), pin: pin.value, counter: chosen, take_over, lang: current() }, 15000,
        );
        pending = false;
        set(button, say("sign_in"));
        if (answer.status === 200) {
          remember("clerk", clerk.value.trim());
          if (chosen) remember("counter", chosen);
          tell(answer.body.token);
          cover.remove();
          resolve(answer.body);
          return;
        }
        if (answer.body.reason === "counter_taken") {
          const args = answer.body.args || {};
          const yes = await ask({
            title: say("taken_title", { number: chosen }),
            body: say("taken", { number: chosen, clerk: answer.body.clerk || args.clerk || "" }),
            submit: say("take_over"), read: () => true,
          });
          if (yes) await send(true);
          return;
        }
        set(wrong, answer.body.text || say("unreachable"));
        pin.value = "";
        pin.focus();
      };
      const form = el(
        "form",
        {
          class: "sign-in",
          onsubmit: (event) => {
            event.preventDefault();
            send();
          },
        },
        el("p", { class: "hall" }, name(start.hall)),
        el("h1", {}, why ? say("sign_in_again") : say("sign_in_title")),
        why && el("p", { class: "lead" }, why),
        field(say("clerk_number"), clerk),
        field(say("pin"), pin),
        field(say("counter"), counter),
        wrong,
        button,
        el(
          "button",
          {
            type: "button", class: "tongue", lang: current() === "zh" ? "en" : "zh-CN",
            onclick: () => {
              speak(other());
              draw();
            },
          },
          say("other_language"),
        ),
      );
      cover.replaceChildren(form);
      (clerk.value ? pin : clerk).focus();
    };
    const cover = el("main", { class: "cover" });
    root.append(cover);
    draw();
  });
}

/** Ask for another counter, and go there. */
export async function move(hall, me) {
  const list = el(
    "select", { autofocus: true },
    hall.counters.filter((each) => each.number !== me.counter)
      .map((each) => el("option", { value: each.number }, say("window", { number: each.number }))),
  );
  const number = await ask({
    title: say("move_title"), fill: () => field(say("counter"), list), submit: say("move"), read: () => Number(list.value),
  });
  if (!number) return null;
  let answer = await post("move", { counter: number, take_over: false, lang: current() }, 8000);
  if (answer.body.reason === "counter_taken") {
    const args = answer.body.args || {};
    const yes = await ask({
      title: say("taken_title", { number }), body: say("taken", { number, clerk: answer.body.clerk || args.clerk || "" }),
      submit: say("take_over"), read: () => true,
    });
    if (!yes) return null;
    answer = await post("move", { counter: number, take_over: true, lang: current() }, 8000);
  }
  if (answer.status === 200) remember("counter", number);
  return answer;
}

/* Questions to the clerk. A dialog traps the focus and closes with Escape; digits choose. */

import { el, key } from "./draw.js";
import { say } from "./words.js";

const open = new Set();
let opened = 0;

/** Close every dialog, as cancelled: what it asked about is gone. */
export function dismiss() {
  for (const dialog of [...open]) dialog.close();
}

export const asking = () => open.size > 0;

/**
 * Ask; resolve to the answer, or null when the clerk goes back. `fill(answer)` returns the content, and calls `answer`
 * with the choice; `submit`, if given, is the text of a button that sends the form, and `read(form)` what it answers.
 */
export function ask({ title, body, fill, submit, read, danger, wide, back = true }) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const titled = `dialog-${++opened}`;
    let answered = null;
    const answer = (value) => {
      answered = value;
      dialog.close();
    };
    const cancel = back && el(
      "button", { type: "button", class: "key quiet", onclick: () => dialog.close() }, say("cancel"), key("Esc"),
    );
    const send = submit && el("button", { type: "submit", class: `key main${danger ? " danger" : ""}` }, submit, key("↵"));
    const form = el(
      "form",
      {
        onsubmit: (event) => {
          event.preventDefault();
          const value = read(form);
          if (value !== undefined) answer(value);
        },
      },
      el("h2", { id: titled }, title),
      body && el("p", { class: "lead" }, body),
      ...(fill ? [fill(answer)].flat() : []),
      el("div", { class: "dialog-keys" }, cancel, send),
    );
    const dialog = el(
      "dialog",
      {
        class: wide ? "wide" : null,
        "aria-labelledby": titled,
        onkeydown: (event) => choose(event, dialog),
        oncancel: (event) => {
          if (!back) event.preventDefault();
        },
        onclose: () => {
          open.delete(dialog);
          dialog.remove();
          if (before && before.isConnected && before !== document.body) before.focus();
          resolve(answered);
        },
      },
      form,
    );
    document.body.append(dialog);
    open.add(dialog);
    dialog.showModal();
    const first = dialog.querySelector("[autofocus], .choice, input, select, textarea, .dialog-keys button");
    if (first) first.focus();
  });
}

/** Press what a digit or letter of the dialog stands for. */
function choose(event, dialog) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.key === "Enter" && event.target.tagName === "SELECT") {
    event.preventDefault();
    dialog.querySelector("form").requestSubmit();
    return;
  }
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "radio") return;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  const chosen = digit && dialog.querySelector(`[data-digit="${digit[1]}"]`);
  if (!chosen) return;
  event.preventDefault();
  chosen.focus();
  chosen.click();
}

/** Buttons of which one answers. `choices` are [value, text, second line?]. */
export function choices(list, answer, label) {
  return el(
    "div",
    { class: "choices", role: "group", "aria-label": label || null },
    list.map(([value, text, second], place) =>
      el(
        "button",
        { type: "button", class: "choice", data: { digit: place < 9 ? place + 1 : "", value }, onclick: () => answer(value) },
        el("span", {}, text, second ? el("small", {}, second) : null),
        place < 9 ? key(place + 1) : null,
      ),
    ),
  );
}

/** Radio buttons that look like chips. `list` is [value, text]. */
export function chips(name, list, chosen, onchange) {
  const row = el(
    "div",
    {
      class: "chips",
      onchange: (event) => {
        for (const chip of row.children) chip.classList.toggle("on", chip.contains(event.target));
        if (onchange) onchange(event);
      },
    },
    list.map(([value, text]) =>
      el(
        "label",
        { class: `chip${value === chosen ? " on" : ""}` },
        el("input", { type: "radio", name, value: String(value), checked: value === chosen }),
        el("span", {}, text),
      ),
    ),
  );
  return row;
}

export function field(label, control, hint) {
  const id = `field-${++opened}`;
  control.id = id;
  if (hint) control.setAttribute("aria-describedby", `${id}-hint`);
  return el("p", { class: "field" }, el("label", { for: id }, label), control, hint && el("small", { id: `${id}-hint` }, hint));
}

export function group(legend, ...inside) {
  return el("fieldset", {}, el("legend", {}, legend), ...inside);
}

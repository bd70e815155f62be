/* Elements without markup in strings: a customer's or clerk's text is never read as HTML. */

/** Make an element. `on…` are listeners, `data` a dataset, everything else attributes; null and false leave one out. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "data") Object.assign(made.dataset, value);
    else if (key === "value") made.value = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Draw a part anew if what it shows has changed; whoever had the focus keeps it. */
export function redraw(part, shown, draw) {
  const key = JSON.stringify(shown);
  if (part.dataset.shown === key) return;
  part.dataset.shown = key;
  const focused = part.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  part.replaceChildren(...[draw()].flat().filter(Boolean));
  if (focused) {
    const again = part.querySelector(`[data-key="${CSS.escape(focused)}"]`);
    if (again) again.focus();
  }
}

export function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const key = (letter) => el("kbd", { "aria-hidden": "true" }, letter);

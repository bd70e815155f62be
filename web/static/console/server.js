/* What is asked of the server, and what it pushes. Nothing is drawn here. */

import { current } from "./words.js";

const PATIENCE_MS = 4500; // an act is refused by the hall when it is older than 5 s
const RETRY_MS = 700;
const SILENT_MS = 12000; // a page that hears nothing for so long is cut off

let token = null;

export const tell = (known) => {
  token = known;
};

/** An id for one press. Without TLS there is no crypto.randomUUID. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Post JSON; return {status, body}, status 0 when nothing answered in time. */
export async function post(path, body, patience_ms = PATIENCE_MS) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), patience_ms);
  try {
    const answer = await fetch(`/console/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token ? { "x-hallcall-token": token } : {}) },
      body: JSON.stringify(body),
      signal: stop.signal,
    });
    return { status: answer.status, body: await answer.json() };
  } catch (_) {
    return { status: 0, body: {} };
  } finally {
    clearTimeout(timer);
  }
}

export async function get(path) {
  try {
    const answer = await fetch(`/console/${path}`, { cache: "no-store" });
    return { status: answer.status, body: answer.ok ? await answer.json() : {} };
  } catch (_) {
    return { status: 0, body: {} };
  }
}

/** Ask the hall for something. The id stays while it is asked again, so that nothing is done twice. */
export async function act(fields) {
  const id = uuid();
  const pressed = performance.now();
  for (;;) {
    const age_ms = Math.round(performance.now() - pressed);
    const answer = await post("act", { ...fields, id, age_ms, lang: current() }, Math.max(500, PATIENCE_MS - age_ms));
    const may_be_done = answer.status === 0 || answer.body.reason === "unanswered";
    if (!may_be_done || performance.now() - pressed > PATIENCE_MS - RETRY_MS) return answer;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Listen to what the server pushes, for ever: `on` has a function for each event, and `cut(since)`, `signedOut()`. */
export class Live {
  constructor(on) {
    this.on = on;
    this.source = null;
    this.heard = Date.now();
    this.timer = null;
    setInterval(() => this.watch(), 1000);
  }

  open() {
    this.close();
    const source = new EventSource("/console/live");
    this.source = source;
    this.heard = Date.now();
    for (const kind of ["me", "hall", "counter", "queues", "notes", "spares", "clock", "here", "beat", "ending", "ended"]) {
      source.addEventListener(kind, (event) => {
        this.heard = Date.now();
        this.on.cut(null);
        this.on[kind](JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => this.failed(source));
  }

  close() {
    clearTimeout(this.timer);
    if (this.source) this.source.close();
    this.source = null;
  }

  async failed(source) {
    if (source !== this.source) return;
    this.on.cut(this.heard);
    if (source.readyState !== EventSource.CLOSED) return; // the browser itself tries again
    clearTimeout(this.timer);
    const me = await get("me");
    if (source !== this.source) return;
    if (me.status === 401) this.on.signedOut();
    else this.timer = setTimeout(() => this.open(), 1500);
  }

  watch() {
    if (!this.source || Date.now() - this.heard < SILENT_MS) return;
    this.on.cut(this.heard);
    if (Date.now() - this.heard > 2 * SILENT_MS) this.open();
  }
}

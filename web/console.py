"""The clerk's console: what the page asks, and what it is told. JSON both ways; every time is ISO 8601 with its offset.

A page that may be shown to anybody: `GET /console`, `/console/bar`, `/console/texts` (`{"zh": {"console": {…}, …},
"en": …}`: tables console, refusal, outcome), `/console/start`:
    {"hall": {"zh", "en"}, "counters": [1, 2], "here": true, "signed_in": false}

Who signs in. Each POST needs `Content-Type: application/json` and an Origin of our own; each after `sign-in` also the
header `X-Hallcall-Token`, the `token` of the answer to `sign-in` or `GET /console/me`. The session is in a cookie.
    POST /console/sign-in   {"clerk", "pin", "counter": 3 | null, "take_over": false, "lang"}   → me
    GET  /console/me        → me, or 401
    POST /console/move      {"counter": 4, "take_over": false}   → me: a clerk staffs that counter then
    POST /console/stay      {}   → me: the session goes on
    POST /console/sign-out  {}   → {"done": true}: the counter is not staffed any more
    me = {"clerk", "role": "clerk" | "supervisor", "counter": 3 | null, "token", "lang", "left_s", "idle_s", "warn_s"}

Acts. `id` is drawn by the page for each press (a UUID) and kept when it asks again; `age_ms` counts since the press.
    POST /console/act   {"type": "CallNext", "id", "counter"?, "seen": call | null, "view_seq"?, "age_ms"?, "lang", …}
`type` and its further fields are those of the commands in docs/messages.md: CallNext, Recall, StartService,
FinishService(outcome?, reason?, due?), MarkNoShow, CallTicket(ticket), HoldVisit(hold), ResumeVisit(ticket),
TransferVisit(service?, to_counter?, to_clerk?, position?), NotEntitled, ServeWithoutTicket(service), PauseCounter(reason),
OpenCounter, CloseCounter, ArmCounter(armed), Undo, StateOutcome(visit, outcome, reason?, due?); a supervisor's also
Reclassify(ticket, priority_class), MarkServedByHand(up_to), StartEvacuation, EndEvacuation. `seen` is `counter.call`,
`view_seq` is `counter.seq`, of the view on which the press was made. Answers:
    200 {"done": true, "answer": {"type": "Done" | "Called", …}}
    4xx, 5xx {"done": false, "reason", "text", "args": {…}, "meanwhile": [{"at", "text"}]}
with `text` in the page's `lang`. 400 what is not understood · 401 signed_out · 403 wrong_token, foreign_page, not_allowed
· 409 what the hall refused (its `reason`: stale, nobody_waits …), counter_taken ({"clerk"}: ask, then `take_over`),
not_your_counter (another clerk staffs it now) · 429 throttled ({"seconds"}) · 503 away, unanswered.

    POST /console/note  {"text": "…", "seen": call}   → {"done": true}: replaces this clerk's note on the current visit

`GET /console/live` pushes server-sent events, each whole, at once and at each change:
    me       as above
    hall     {"name", "services": [{"id", "name", "minutes", "documents", "closing"}], "classes": [{"id", "name"}],
             "needs", "zones", "counters": [{"number", "zone", "skills"}], "clerks": [{"id"}],
             "pause_reasons": [{"id", "name"}], "decline_reasons": [{"id", "name"}], "outcome_mandatory", "calls",
             "call_by_number", "return_days", "day", "evacuation"}; names are {"zh", "en"}
    counter  CounterView of docs/messages.md: state, call, ticket, times, card, held_visits, owed_visits, undoable, …
    queues   {"queues": [{"service", "waiting", "wait_low_min", "wait_high_min", "mine": true}]}
    notes    {"visit": id | null, "notes": [{"at", "counter", "clerk", "text"}]}
    here     {"here": true, "since"}: whether the dispatcher is within reach
    beat     {"now", "left_s"}: every 5 s; a page that hears none for 12 s is cut off
    ending   {"left_s"}: the session ends soon (once, `warn_s` before); POST stay
    ended    {"reason": "idle" | "longest" | "signed_out"}: then the stream closes
"""

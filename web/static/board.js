// Draws what a board shows: a layout, then each sight, pushed by the server. ES5, for the browsers of old televisions.
(function () {
  "use strict";

  var SILENT_S = 15; // longer than three heartbeats: what is shown may no longer hold
  var board = document.getElementById("board");
  var heard = 0;
  var layout = null;
  var sight = null;
  var drawn = {};

  function make(tag, name, text) {
    var made = document.createElement(tag);
    if (name) { made.className = name; }
    if (text !== undefined) { made.appendChild(document.createTextNode(text)); }
    return made;
  }

  function find(id) { return document.getElementById(id); }

  function fill(target, children) {
    while (target.firstChild) { target.removeChild(target.firstChild); }
    children.forEach(function (child) { target.appendChild(child); });
  }

  function put(target, place) {
    target.style.left = place.x + "px";
    target.style.top = place.y + "px";
    target.style.width = place.w + "px";
    target.style.height = place.h + "px";
  }

  function changed(part, value) {
    var now = JSON.stringify(value);
    var differs = drawn[part] !== now;
    drawn[part] = now;
    return differs;
  }

  // Makes the font of a line smaller until it fits; never larger than it is.
  function shrink(target, width) {
    var wide = target.offsetWidth;
    if (wide > width && width > 0) {
      target.style.fontSize = parseFloat(window.getComputedStyle(target).fontSize) * width / wide + "px";
    }
  }

  function fit() {
    var panel = layout.panel;
    var scale = Math.min(window.innerWidth / panel.w, window.innerHeight / panel.h);
    var shift = sight ? sight.shift : [0, 0];
    var left = (window.innerWidth - panel.w * scale) / 2 + shift[0];
    var top = (window.innerHeight - panel.h * scale) / 2 + shift[1];
    board.style.width = panel.w + "px";
    board.style.height = panel.h + "px";
    board.style.webkitTransform = board.style.transform = "translate(" + left + "px," + top + "px) scale(" + scale + ")";
  }

  // Calls -------------------------------------------------------------------------------------------------------------

  function drawCall(row, place) {
    var colours = layout.colours;
    var amber = row.newest && !sight.faded;
    var ink = sight.faded ? colours.faded : amber ? colours.on_call : colours.white;
    var made = make("div", "call" + (row.newest ? " newest" : "") + (row.pulsing ? " pulsing" : ""));
    var light = make("i", "light");
    var ticket = make("span", "ticket", row.ticket);
    var space = make("span", "space");
    var counter = make("span", "counter", String(row.counter));
    var word = make("span", "word", layout.word);
    var chinese = layout.language === "zh";
    var height = layout.pitch - layout.gap;
    made.setAttribute("data-call", row.call);
    made.style.top = place * layout.pitch + "px";
    made.style.height = height + "px";
    made.style.padding = "0 " + layout.sides / 2 * layout.number + "px";
    made.style.borderRadius = Math.min(0.2 * height, 0.3 * layout.text) + "px";
    made.style.backgroundColor = amber ? colours.call : colours.card;
    made.style.color = ink;
    light.style.backgroundColor = colours.call_light;
    ticket.style.fontSize = counter.style.fontSize = layout.number + "px";
    word.style.fontSize = layout.text + "px";
    word.style[chinese ? "marginLeft" : "marginRight"] = 0.2 * layout.text + "px";
    space.style.fontSize = 0.5 * layout.number + "px";
    space.style.minWidth = 0.3 * layout.number + "px"; // number and window are never read as one
    made.appendChild(light);
    made.appendChild(ticket);
    if (row.tag) {
      var tag = make("span", "tag", chinese ? row.tag.zh : row.tag.en);
      tag.style.fontSize = layout.text + "px";
      tag.style.padding = 0.1 * layout.text + "px " + 0.28 * layout.text + "px";
      tag.style.marginLeft = 0.3 * layout.text + "px";
      tag.style.borderRadius = 0.2 * layout.text + "px";
      made.appendChild(tag);
    }
    space.appendChild(make("span", "arrow", "\u2192"));
    space.firstChild.style.color = sight.faded ? colours.faded : amber ? colours.arrow_on_call : colours.muted;
    made.appendChild(space);
    (chinese ? [counter, word] : [word, counter]).forEach(function (part) { made.appendChild(part); });
    return made;
  }

  // Number and window go before the arrow, the arrow before the whole word; only then does the number get smaller.
  function fitCall(row) {
    var space = row.querySelector(".space");
    var word = row.querySelector(".word");
    function over() { return row.scrollWidth - row.clientWidth; }
    function without(name) {
      var part = row.querySelector(name);
      if (part) { part.parentNode.removeChild(part); }
    }
    if (space.offsetWidth < 0.85 * layout.number) { word.textContent = layout.word_short; }
    if (space.offsetWidth < 0.6 * layout.number) { without(".arrow"); }
    if (over() > 0) { without(".word"); }
    if (over() > 0) { without(".tag"); }
    if (over() > 0) {
      var ticket = row.querySelector(".ticket");
      shrink(ticket, ticket.offsetWidth - over());
    }
  }

  function blanks(from) {
    var made = [];
    for (var place = from; place < layout.rows; place += 1) {
      var card = make("div", "blank");
      card.style.top = place * layout.pitch + "px";
      card.style.height = layout.pitch - layout.gap + "px";
      card.style.borderRadius = Math.min(0.2 * (layout.pitch - layout.gap), 0.3 * layout.text) + "px";
      card.style.backgroundColor = layout.colours.card;
      made.push(card);
    }
    return made;
  }

  function drawCalls() {
    var target = find("calls");
    put(target, layout.calls);
    if (sight.rows.length) {
      fill(target, sight.rows.map(drawCall).concat(blanks(sight.rows.length)));
      Array.prototype.forEach.call(target.querySelectorAll(".call"), fitCall);
      return;
    }
    var empty = make("div");
    empty.id = "empty";
    empty.style.fontSize = layout.text + "px";
    empty.style.color = layout.colours.muted;
    sight.empty.forEach(function (said) { empty.appendChild(make("p", "", said)); });
    fill(target, blanks(0).concat([empty]));
  }

  // Beside the calls --------------------------------------------------------------------------------------------------

  function figure(text, x, y, align, width) {
    var made = make("span", "", text);
    made.style.left = x + "px";
    made.style.top = y + "px";
    made.style.webkitTransform = made.style.transform = "translate(" + -100 * align + "%, -50%)";
    if (width) { made.setAttribute("data-width", String(width)); }
    return made;
  }

  function drawTable(table, place, size) {
    var pad = layout.pad * size;
    var inner = { x: pad, y: pad, w: place.w - 2 * pad, h: place.h };
    var at = table.one_line
      ? [[inner.w - 6.9 * size, 1], [inner.w - 4.2 * size, 1], [inner.w, 1]]
      : [[0.42 * inner.w, 0.5], [0, 0], [inner.w, 1]];
    var heads = make("div", "heads");
    var made = [heads];
    var y = inner.y + 1.5 * size;
    heads.style.color = layout.colours.muted;
    table.heads.forEach(function (said, place) {
      heads.appendChild(figure(said, inner.x + at[place][0], inner.y + 0.75 * size, at[place][1]));
    });
    table.lines.forEach(function (line) {
      var high = table.one_line ? Math.max(1.6, line.name.length * 1.2 + 0.4) : line.name.length * 1.2 + 1.25;
      var row = make("div", "line");
      var top = table.one_line ? (high - line.name.length * 1.2) / 2 : 0.06;
      var width = inner.w - (table.one_line ? 9.6 * size : 0);
      put(row, { x: inner.x, y: y, w: inner.w, h: high * size });
      row.style.borderColor = layout.colours.line;
      line.name.forEach(function (name, place) {
        row.appendChild(figure(name, 0, (top + (place + 0.5) * 1.2) * size, 0, width));
      });
      [line.last, line.waiting, line.minutes].forEach(function (said, place) {
        var middle = table.one_line ? high / 2 : high - 0.54 * 1.25;
        row.appendChild(figure(said, at[place][0], middle * size, at[place][1]));
      });
      made.push(row);
      y += high * size;
    });
    if (table.pages > 1) {
      [["line", 0, inner.w], ["muted", (table.page - 1) * inner.w / table.pages, inner.w / table.pages]].forEach(function (part) {
        var bar = make("div", "bar");
        put(bar, { x: inner.x + part[1], y: place.h - 0.8 * size, w: part[2], h: 0.07 * size });
        bar.style.backgroundColor = layout.colours[part[0]];
        made.push(bar);
      });
    }
    return made;
  }

  function drawNote(note, place, size) {
    var pad = layout.pad * size;
    return [note.title].concat(note.lines).map(function (said, at) {
      var y = at ? pad + (1.5 + (at - 0.5) * 1.25) * size : pad + 0.75 * size;
      var made = figure(said, pad, y, 0, place.w - 2 * pad);
      made.style.position = "absolute";
      made.style.whiteSpace = "nowrap";
      if (!at) { made.style.color = layout.colours.muted; }
      return made;
    });
  }

  function drawSlide(slide, place) {
    var target = find("slide");
    if (!slide || !place) { fill(target, []); return; }
    var film = /\.(mp4|mkv|webm|mov)$/i.test(slide.path);
    var made = make(film ? "video" : "img");
    made.src = window.location.pathname.replace(/\/$/, "") + "/media/" + encodeURIComponent(slide.path);
    if (film) { made.muted = made.autoplay = made.loop = true; }
    put(target, place);
    fill(target, [made]);
  }

  function drawAside() {
    var target = find("aside");
    var page = sight.aside;
    var whole = layout.aside;
    target.style.display = whole ? "" : "none";
    if (!whole) { return; }
    var place = sight.slide ? layout.table_beside : layout.table;
    put(target, whole);
    target.style.backgroundColor = layout.colours.card;
    target.style.color = layout.colours.white;
    target.style.fontSize = layout.text + "px";
    var alone = page && page.path !== undefined;
    fill(target, !page || alone ? [] : page.lines && page.heads ? drawTable(page, place, layout.text) : drawNote(page, place, layout.text));
    Array.prototype.forEach.call(target.querySelectorAll("[data-width]"), function (each) {
      shrink(each, Number(each.getAttribute("data-width")));
    });
    drawSlide(alone ? page : sight.slide, alone ? whole : layout.slide);
  }

  // Below, and over everything ------------------------------------------------------------------------------------------

  function drawStrip(said, alive) {
    var strip = find("strip");
    var dot = find("dot");
    var words = find("words");
    var clock = find("clock");
    var size = layout.text;
    var high = layout.strip.h;
    put(strip, layout.strip);
    strip.style.borderColor = layout.colours.line;
    strip.style.color = layout.colours.white;
    strip.style.fontSize = size + "px";
    strip.style.lineHeight = high - 4 + "px";
    put(dot, { x: layout.pad * size, y: high / 2 - 0.18 * size, w: 0.36 * size, h: 0.36 * size });
    dot.style.backgroundColor = alive ? layout.colours.alive : layout.colours.away;
    words.style.left = (layout.pad + 0.95) * size + "px";
    words.style.fontSize = size + "px";
    words.textContent = said;
    clock.style.right = layout.pad * size + "px";
    clock.textContent = sight.clock;
    shrink(words, layout.strip.w - (2 * layout.pad + 0.95 + 0.4) * size - clock.offsetWidth);
    board.className = alive ? "alive" : "";
  }

  function drawMessage() {
    var target = find("message");
    var message = sight.message;
    target.className = message ? "now" : "";
    if (!message) { fill(target, []); return; }
    target.style.backgroundColor = message.alarm ? layout.colours.alarm : layout.colours.night;
    target.style.color = layout.colours.white;
    fill(target, message.title.map(function (said) {
      var made = make("p", "title", said);
      var most = /^[\x00-\x7f]*$/.test(said) ? 0.55 : 1;
      made.style.fontSize = Math.max(layout.text, Math.min(0.2 * layout.panel.h, 0.9 * layout.panel.w / (said.length * most))) + "px";
      return made;
    }).concat(message.body.map(function (said) {
      var made = make("p", "");
      made.style.fontSize = layout.text + "px";
      phrases(said).forEach(function (phrase, place) {
        if (place && / $/.test(phrases(said)[place - 1])) { made.appendChild(document.createTextNode(" ")); }
        made.appendChild(make("span", "phrase", phrase));
      });
      return made;
    })));
  }

  function phrases(said) { return said.match(/[^\uff0c\u3002\uff1b,;]+[\uff0c\u3002\uff1b,;]?\s*/g) || [said]; }

  function dim(light) {
    var cover = find("dim");
    if (light < 1 && !cover) {
      cover = make("div");
      cover.id = "dim";
      board.appendChild(cover);
    }
    if (cover) { cover.style.opacity = String(1 - light); }
  }

  function show() {
    fit();
    document.body.style.backgroundColor = layout.colours.night;
    board.style.backgroundColor = layout.colours.night;
    if (changed("calls", [sight.rows, sight.empty, sight.faded])) { drawCalls(); }
    if (changed("aside", [sight.aside, sight.slide])) { drawAside(); }
    if (changed("strip", [sight.strip, sight.clock, sight.alive])) { drawStrip(sight.strip, sight.alive); }
    if (changed("message", sight.message)) { drawMessage(); }
    dim(sight.light);
  }

  // Hearing -------------------------------------------------------------------------------------------------------------

  function now() { return new Date().getTime() / 1000; }

  function listen() {
    var source = new EventSource(window.location.pathname.replace(/\/$/, "") + "/live");
    source.addEventListener("layout", function (message) {
      layout = JSON.parse(message.data);
      drawn = {};
    });
    source.onmessage = function (message) {
      heard = now();
      sight = JSON.parse(message.data);
      show();
    };
    source.onerror = function () {
      if (source.readyState === 2) { // refused: the browser does not try again by itself
        source.close();
        window.setTimeout(listen, 3000);
      }
    };
  }

  window.setInterval(function () {
    var age = Math.floor(now() - heard);
    if (sight && age > SILENT_S) {
      drawn.strip = "";
      drawStrip(layout.not_heard.replace("{age}", age), false);
    }
  }, 1000);
  window.addEventListener("resize", function () { if (sight) { fit(); } });
  heard = now();
  listen();
}());

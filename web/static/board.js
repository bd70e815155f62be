// Shows the pictures of a board that the server pushes. ES5, for the browsers of old televisions.
(function () {
  "use strict";

  var SILENT_S = 15; // longer than three heartbeats: what is shown may no longer hold
  var board = document.getElementById("board");
  var heard = 0;
  var alive = false;

  function element(tag, name, text) {
    var made = document.createElement(tag);
    if (name) { made.className = name; }
    if (text !== undefined) { made.appendChild(document.createTextNode(text)); }
    return made;
  }

  function say(id, text) {
    var target = document.getElementById(id);
    if (target.textContent !== text) { target.textContent = text; }
  }

  function fill(target, children) {
    while (target.firstChild) { target.removeChild(target.firstChild); }
    children.forEach(function (child) { target.appendChild(child); });
  }

  function fit() {
    var upright = window.innerHeight > window.innerWidth;
    var width = upright ? 1080 : 1920;
    var height = upright ? 1920 : 1080;
    var scale = Math.min(window.innerWidth / width, window.innerHeight / height);
    var left = (window.innerWidth - width * scale) / 2;
    var top = (window.innerHeight - height * scale) / 2;
    var how = "translate(" + left + "px," + top + "px) scale(" + scale + ")";
    board.className = (upright ? "upright" : "") + (alive ? " alive" : "");
    board.style.webkitTransform = board.style.transform = how;
    return upright;
  }

  // Makes a line's font smaller until it fits; never larger than the style says.
  function shrink(id, width) {
    var target = document.getElementById(id);
    target.style.fontSize = "";
    var wide = target.scrollWidth;
    if (wide > width) {
      target.style.fontSize = parseFloat(window.getComputedStyle(target).fontSize) * width / wide + "px";
    }
  }

  function callRow(row, top, height, width) {
    var made = element("div", "call" + (row.newest ? " newest" : "") + (row.pulsing ? " pulsing" : ""));
    var number = Math.min(height * 0.7, width * 0.42 / Math.max(4, row.ticket.length) * 1.7);
    var ticket = element("span", "ticket", row.ticket);
    var arrow = element("span", "arrow", "\u2192");
    var counter = element("span", "counter", String(row.counter));
    var suffix = element("small", "", "\u53f7\u7a97\u53e3");
    made.style.top = top + "px";
    made.style.height = height + "px";
    ticket.style.fontSize = number + "px";
    arrow.style.fontSize = height * 0.36 + "px";
    arrow.style.left = width * 0.585 + "px";
    counter.style.fontSize = number * 0.94 + "px";
    suffix.style.fontSize = Math.min(56, number * 0.42) + "px";
    counter.appendChild(suffix);
    made.setAttribute("data-call", row.call);
    [ticket, arrow, counter].forEach(function (part) { made.appendChild(part); });
    return made;
  }

  function calls(rows, upright) {
    var width = upright ? 1012 : 1112;
    var height = upright ? 1010 : 930;
    var places = Math.max(rows.length, 1);
    var each = Math.min(260, (height - 64) / places - 18);
    var made = [element("div", "head left", "\u53f7\u7801 Number"), element("div", "head right", "\u7a97\u53e3 Counter")];
    rows.forEach(function (row, place) { made.push(callRow(row, 82 + place * (each + 18), each, width)); });
    fill(document.getElementById("calls"), made);
  }

  function two(zh, en) {
    var cell = element("td", "", zh);
    if (en) { cell.appendChild(element("small", "", en)); }
    return cell;
  }

  function queues(rows) {
    var head = element("tr");
    [["\u4e1a\u52a1 Service"], ["\u6700\u8fd1", "Last"], ["\u7b49\u5019", "Waiting"], ["\u5206\u949f", "Minutes"]].forEach(function (each) {
      var cell = element("th", "", each[0]);
      if (each[1]) { cell.appendChild(element("br")); cell.appendChild(document.createTextNode(each[1])); }
      head.appendChild(cell);
    });
    fill(document.getElementById("queues"), [head].concat(rows.map(function (row) {
      var made = element("tr");
      made.appendChild(two(row.name.zh, row.name.en));
      made.appendChild(two(row.last));
      made.appendChild(two(row.waiting));
      made.appendChild(two(row.minutes, row.minutes_en));
      return made;
    })));
  }

  var shown = {};

  function changed(part, value) {
    var now = JSON.stringify(value);
    var differs = shown[part] !== now;
    shown[part] = now;
    return differs;
  }

  function show(picture) {
    var upright;
    alive = picture.alive;
    upright = fit();
    if (changed("calls", [picture.rows, upright])) { calls(picture.rows, upright); }
    if (changed("queues", picture.queues)) { queues(picture.queues); }
    say("clock", picture.clock);
    say("date", picture.date);
    document.getElementById("notice").className = picture.notice ? "" : "none";
    say("notice-zh", picture.notice ? picture.notice.zh : "");
    say("notice-en", picture.notice ? picture.notice.en : "");
    say("ticker", picture.ticker.join(" \u00b7 "));
    if (changed("lines", [picture.ticker, picture.date, upright])) {
      shrink("ticker", (upright ? 1080 : 1920) - 160);
      shrink("date", upright ? 700 : 640);
    }
  }

  function now() { return new Date().getTime() / 1000; }

  function listen() {
    var source = new EventSource(window.location.pathname.replace(/\/$/, "") + "/live");
    source.onmessage = function (message) {
      heard = now();
      show(JSON.parse(message.data));
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
    if (heard && age > SILENT_S) {
      alive = false;
      fit();
      say("ticker", "\u5df2 " + age + " \u79d2\u672a\u66f4\u65b0\uff0c\u8bf7\u542c\u5de5\u4f5c\u4eba\u5458\u53eb\u53f7 \u00b7 Not updated for " + age + " s: please listen to the staff");
    }
  }, 1000);
  window.addEventListener("resize", function () { shown = {}; fit(); });
  heard = now();
  fit();
  listen();
}());

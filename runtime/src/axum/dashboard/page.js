"use strict";
(() => {
  const EVERY = 2000, SPAN = 300000;
  // Mounted with a slash behind the path or without one.
  const base = location.pathname.replace(/\/*$/, "/");
  const token = document.querySelector("meta[name=larder-token]").content;
  const at = id => document.getElementById(id);
  const whole = new Intl.NumberFormat("en");
  const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  const count = n => n < 100000 ? whole.format(n) : short.format(n);
  const rate = r => r === 1 ? "100 %" : (Math.floor(r * 1000) / 10).toFixed(1) + " %";
  const calls = c => c.hits_memory + c.hits_redis + c.misses + c.joins;

  const span = ms => {
    const s = Math.max(0, ms) / 1000;
    if (s < 10) return s.toFixed(1) + " s";
    if (s < 60) return Math.floor(s) + " s";
    if (s < 3600) return Math.floor(s / 60) + " min " + Math.floor(s % 60) + " s";
    if (s < 86400) return Math.floor(s / 3600) + " h " + Math.floor(s % 3600 / 60) + " min";
    return Math.floor(s / 86400) + " d " + Math.floor(s % 86400 / 3600) + " h";
  };

  const make = (name, kind, text) => {
    const node = document.createElement(name);
    if (kind) node.className = kind;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  // A node is touched only where it changes: what is selected or focused stays so.
  const say = (node, text) => { if (node.textContent !== text) node.textContent = text; };

  // A table whose rows are kept by key. A column: label, what it shows, and how.
  const table = (node, columns, nothing) => {
    const head = node.createTHead().insertRow();
    head.setAttribute("role", "row");
    for (const column of columns) {
      const cell = make("th", column.left ? "left" : "", column.label);
      cell.scope = "col";
      cell.setAttribute("role", "columnheader");
      head.append(cell);
    }
    const body = node.createTBody(), rows = new Map();
    body.setAttribute("role", "rowgroup");
    node.tHead.setAttribute("role", "rowgroup");
    const empty = make("tr"), told = make("td", "none", nothing);
    told.colSpan = columns.length;
    empty.append(told);
    return list => {
      node.tHead.hidden = list.length === 0;
      const seen = new Set();
      list.forEach((item, index) => {
        seen.add(item.key);
        let row = rows.get(item.key);
        if (!row) {
          row = make("tr");
          row.setAttribute("role", "row");
          columns.forEach((column, place) => {
            const cell = make(place ? "td" : "th", [column.left && "left", column.kind].filter(Boolean).join(" "));
            cell.setAttribute("role", place ? "cell" : "rowheader");
            if (!place) cell.scope = "row";
            else if (column.label) cell.dataset.label = column.label;
            row.append(cell);
          });
          rows.set(item.key, row);
        }
        if (body.rows[index] !== row) body.insertBefore(row, body.rows[index] || null);
        columns.forEach((column, place) => column.show(row.cells[place], item));
      });
      for (const [key, row] of rows) if (!seen.has(key)) { row.remove(); rows.delete(key); }
      if (list.length) empty.remove(); else body.append(empty);
    };
  };

  const number = (label, of, mark) => ({
    label,
    show: (cell, item) => {
      const n = of(item.counts);
      say(cell, count(n));
      cell.className = n === 0 ? "zero" : mark || "";
    },
  });
  const mix = {
    label: "answered by", kind: "span",
    show: (cell, item) => {
      const c = item.counts, all = calls(c);
      if (!cell.firstChild) {
        const bar = make("span", "mix");
        bar.setAttribute("role", "img");
        for (const part of ["memory", "redis", "joins", "misses"]) bar.append(make("i", part));
        cell.append(bar);
      }
      const parts = [c.hits_memory, c.hits_redis, c.joins, c.misses];
      parts.forEach((part, place) => {
        const width = all ? (100 * part / all).toFixed(2) + "%" : "0";
        cell.firstChild.children[place].style.width = width;
      });
      const names = ["memory", "Redis", "joined", "missed"];
      cell.firstChild.setAttribute("aria-label", parts.map((part, place) => names[place] + " " + count(part)).join(", "));
    },
  };
  const share = {
    label: "hit rate",
    show: (cell, item) => {
      const none = calls(item.counts) === 0;
      say(cell, none ? "–" : rate(item.counts.hit_rate));
      cell.className = none ? "zero" : "";
    },
  };
  const answered = [
    mix, share,
    number("memory", c => c.hits_memory), number("redis", c => c.hits_redis), number("misses", c => c.misses),
    number("joins", c => c.joins), number("stale", c => c.stale, "warn"), number("errors", c => c.errors, "bad"),
    number("entries", c => c.entries),
  ];
  const ends = {
    label: "",
    show: (cell, item) => {
      if (!item.writable || item.entity === null) { cell.replaceChildren(); return; }
      if (cell.firstChild) return;
      const button = make("button", "", "End");
      button.type = "button";
      button.setAttribute("aria-label", "End " + item.entity);
      button.addEventListener("click", () => ask(
        "End “" + item.entity + "”?",
        "What shows it is computed anew at its next call, in every process. Entities that depend on it end with it.",
        "end", { entity: item.entity },
      ));
      cell.append(button);
    },
  };
  const entities = table(at("entities"), [
    { label: "entity", show: (cell, item) => {
      say(cell, item.entity === null ? "(tags)" : item.entity);
      cell.className = item.entity === null ? "path" : "";
    } },
    ...answered, number("ended here", c => c.invalidations), ends,
  ], "No cached function has been called yet.");
  const functions = table(at("functions"), [
    { label: "function", show: (cell, item) => {
      const cut = item.function.replace(/<.*$/s, "").lastIndexOf("::") + 2;
      if (!cell.firstChild) cell.append(make("span", "path"), make("span"));
      cell.className = "code";
      say(cell.children[0], cut > 1 ? item.function.slice(0, cut) : "");
      say(cell.children[1], cut > 1 ? item.function.slice(cut) : item.function);
    } },
    ...answered, number("stored", c => c.stores),
  ], "No cached function has been called yet.");
  const leaders = table(at("leaders"), [
    { label: "lease", show: (cell, item) => { say(cell, item.key); cell.className = "code"; } },
    { label: "holder", left: true, kind: "span", show: (cell, item) => say(cell, item.holder + (item.here ? " (here)" : "")) },
    { label: "for", show: (cell, item) => say(cell, span(item.remaining_ms) + (item.in_grace ? ", grace" : "")) },
    { label: "token", kind: "code span", show: (cell, item) => say(cell, item.token) },
  ], "Nobody holds a lease.");
  const recent = table(at("recent"), [
    { label: "ended", show: (cell, item) => {
      const known = { everything: "everything", tag: "a tag", entry: "an entry of " };
      if (!cell.firstChild) cell.append(make("span"), make("span", "code"), make("span", "of"));
      say(cell.children[0], item.kind === "entity" ? item.name : item.kind === "entry" && !item.name ? "a single entry" : known[item.kind]);
      say(cell.children[1], item.kind === "entry" && item.name ? item.name : "");
      say(cell.children[2], item.times > 1 ? "  × " + count(item.times) : "");
    } },
    { label: "by", left: true, show: (cell, item) => say(cell, item.here ? "this process" : "another process") },
    { label: "state", left: true, show: (cell, item) => {
      if (!cell.firstChild) cell.append(make("span"));
      say(cell.firstChild, item.pending ? "kept for Redis" : "applied");
      cell.firstChild.className = "pill small " + (item.pending ? "warn" : "good");
    } },
    { label: "when", show: (cell, item) => say(cell, span(item.ago_ms) + " ago") },
  ], "Nothing was ended since this process started.");
  for (const node of document.querySelectorAll("table")) node.classList.add("wide");

  // Pairs of a name and a value, made once.
  const facts = (node, list) => {
    list.forEach(([name, value, kind], place) => {
      let dt = node.querySelectorAll("dt")[place];
      if (!dt) {
        const into = node.id === "figures" ? node.appendChild(make("div")) : node;
        dt = into.appendChild(make("dt"));
        into.appendChild(make("dd"));
      }
      say(dt, name);
      say(dt.nextElementSibling, value);
      (node.id === "figures" ? dt.parentNode : dt.nextElementSibling).className = kind || "";
    });
    while (node.querySelectorAll("dt").length > list.length) {
      const last = [...node.querySelectorAll("dt")].pop();
      last.nextElementSibling.remove();
      last.remove();
    }
  };

  // What was seen so far: each a time, the rate between two looks (null where nobody called) and calls per second.
  const seen = [];
  let before = null, perSecond = 0;
  const remember = (total, now) => {
    if (before && calls(total) >= calls(before.total)) {
      const delta = key => total[key] - before.total[key];
      const hits = delta("hits_memory") + delta("hits_redis");
      const all = hits + delta("misses") + delta("joins");
      perSecond = all * 1000 / Math.max(1, now - before.now);
      seen.push({ now, rate: all ? hits / all : null, calls: perSecond });
      while (seen.length && now - seen[0].now > SPAN) seen.shift();
    }
    before = { total, now };
  };
  const svg = (name, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    return node;
  };
  const draw = now => {
    // As wide as what was seen, in whole minutes.
    const first = seen.length ? now - seen[0].now : 0;
    const minutes = Math.min(SPAN / 60000, Math.max(1, Math.ceil(first / 60000))), shown = minutes * 60000;
    say(at("from"), minutes + " min ago");
    const most = Math.max(1, ...seen.map(point => point.calls));
    const x = point => 600 - (now - point.now) * 600 / shown, y = value => 120 - value * 120;
    const parts = [0, 60, 120].map(line => svg("line", { class: "grid", x1: 0, x2: 600, y1: line, y2: line }));
    const wide = 600 * EVERY / shown * 0.8;
    for (const point of seen) {
      const high = point.calls / most * 60;
      parts.push(svg("rect", { class: "calls-bar", x: (x(point) - wide).toFixed(1), y: (120 - high).toFixed(1), width: wide.toFixed(1), height: high.toFixed(1) }));
    }
    // A line for each stretch in which somebody called.
    let stretch = [];
    const close = () => {
      if (stretch.length) {
        const line = stretch.map(point => x(point).toFixed(1) + "," + y(point.rate).toFixed(1));
        const from = (x(stretch[0]) - (stretch.length > 1 ? 0 : wide)).toFixed(1);
        if (stretch.length === 1) line.unshift(from + "," + y(stretch[0].rate).toFixed(1));
        parts.push(svg("path", { class: "rate-area", d: "M" + from + ",120 L" + line.join(" L") + " L" + x(stretch[stretch.length - 1]).toFixed(1) + ",120 Z" }));
        parts.push(svg("path", { class: "rate-line", d: "M" + line.join(" L") }));
      }
      stretch = [];
    };
    for (const point of seen) if (point.rate === null) close(); else stretch.push(point);
    close();
    at("chart").replaceChildren(...parts);
    say(at("most-calls"), seen.length ? short.format(Math.ceil(2 * most)) + "/s" : "");
    const last = seen[seen.length - 1];
    at("chart").setAttribute("aria-label", last && last.rate !== null
      ? "Hit rate now " + rate(last.rate) + ", " + short.format(last.calls) + " calls per second" : "No calls just now");
  };

  const show = (data, now) => {
    remember(data.total, now);
    const total = data.total, redis = data.health.redis, up = data.health.status === "up";
    document.title = data.namespace + " · larder";
    say(at("namespace"), data.namespace);
    say(at("process"), data.process);
    say(at("up"), "up " + span(data.up_for_s * 1000));
    say(at("state"), up ? "up" : "degraded");
    at("state").className = "pill " + (up ? "good" : "bad");
    at("fault").hidden = !data.health.fault;
    say(at("fault"), data.health.fault ? "Redis is away, and functions answer by this process alone: " + data.health.fault : "");
    facts(at("figures"), [
      ["hit rate", calls(total) ? rate(total.hit_rate) : "–"],
      ["calls/s", seen.length ? short.format(perSecond) : "–"],
      ["from memory", count(total.hits_memory)],
      ["from Redis", count(total.hits_redis)],
      ["missed", count(total.misses)],
      ["joined a run", count(total.joins)],
      ["stale", count(total.stale), total.stale ? "warn" : ""],
      ["errors", count(total.errors), total.errors ? "bad" : ""],
    ]);
    draw(now);
    entities(data.entities.map(item => ({ ...item, key: item.entity === null ? "" : "e" + item.entity, writable: data.writable })));
    functions(data.functions.map(item => ({ ...item, key: item.function + " " + item.entity })));
    facts(at("redis"), redis.configured ? [
      ["link", redis.connected ? "up" : "down", redis.connected ? "" : "bad"],
      ["round trip", data.health.round_trip_us === null ? "–" : (data.health.round_trip_us / 1000).toFixed(2) + " ms"],
      ["breaker", redis.breaker, redis.breaker === "closed" ? "" : "bad"],
      ["kept until Redis is back", count(redis.pending_invalidations), redis.pending_invalidations ? "warn" : ""],
      ["links made", count(redis.connects)],
      ["calls that failed", count(redis.failures), redis.failures ? "warn" : ""],
      ["leases won / lost", count(data.leases.elections) + " / " + count(data.leases.lost)],
    ] : [
      ["link", "none is configured"],
      ["leases won / lost", count(data.leases.elections) + " / " + count(data.leases.lost)],
    ]);
    const known = Array.isArray(data.leaders);
    leaders(known ? data.leaders : []);
    if (!known) say(at("leaders").querySelector(".none"), data.leaders.error);
    else if (!data.leaders.length) say(at("leaders").querySelector(".none"), "Nobody holds a lease.");
    recent(data.recent.map((item, place) => ({ ...item, key: place })));
    at("clear").hidden = !data.writable;
  };

  let timer = 0, fading = 0;
  const look = async () => {
    clearTimeout(timer);
    try {
      const response = await fetch(base + "data", { cache: "no-store", signal: AbortSignal.timeout(5000) });
      if (!response.ok) throw new Error("status " + response.status);
      show(await response.json(), performance.now());
    } catch (error) {
      say(at("state"), "no answer");
      at("state").className = "pill bad";
    }
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(look, EVERY);
  };
  document.addEventListener("visibilitychange", () => document.hidden ? clearTimeout(timer) : look());

  const tell = text => {
    say(at("said"), text);
    clearTimeout(fading);
    fading = setTimeout(() => say(at("said"), ""), 8000);
  };
  let wanted = null;
  const ask = (title, text, path, body) => {
    wanted = { path, body };
    say(at("sure-title"), title);
    say(at("sure-text"), text);
    at("sure").showModal();
    at("no").focus();
  };
  at("no").addEventListener("click", () => at("sure").close());
  at("yes").addEventListener("click", async () => {
    at("sure").close();
    try {
      const response = await fetch(base + wanted.path, {
        method: "POST", body: JSON.stringify(wanted.body),
        headers: { "content-type": "application/json", "x-larder-token": token },
      });
      const said = await response.json();
      const names = (said.names || []).map(name => name === "@everything" ? "everything" : name).join(", ");
      if (!response.ok) tell(said.error || "status " + response.status);
      else if (said.applied) tell("Ended everywhere: " + names);
      else tell("Ended here, and kept until Redis is back: " + names);
    } catch (error) {
      tell("The service did not answer: try again");
    }
    look();
  });
  at("clear").addEventListener("click", () => ask(
    "End everything?", "Every function of this namespace runs again at its next call, in every process.", "clear", {},
  ));
  look();
})();

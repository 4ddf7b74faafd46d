/* Links to rules, and the row explorer. Row text only ever becomes a text node, never markup. */
"use strict";
(async () => {
  const PAGE = 25, LEAD = 28;
  const $ = (id) => document.getElementById(id);
  const explorer = document.querySelector(".explorer");
  const data = JSON.parse($("data").textContent);
  const rules = data.rules;

  /* Who follows a link to a rule wants to read it. */
  const open = () => {
    const rule = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (rule?.matches("details")) rule.open = true;
  };
  addEventListener("hashchange", open);
  open();

  let rows;
  try {
    const bytes = Uint8Array.from(atob(data.rows), (sign) => sign.charCodeAt(0));
    rows = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
  } catch {
    document.querySelector(".unpackable").hidden = false;
    return;
  }
  if (!rows.length) return;
  explorer.hidden = false;

  const make = (name, className, ...inside) => {
    const node = document.createElement(name);
    if (className) node.className = className;
    node.append(...inside);
    return node;
  };
  const number = (value) => value.toLocaleString("en-US");
  const one = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

  /* ⟨U+202E⟩ and line ends inside a mark are signs for what would not be seen. */
  const signs = (text) => text.split(/(⟨U\+[0-9A-F]{4,6}⟩)/).map((part, at) =>
    at % 2 ? make("span", "sign", part.slice(1, -1)) : part);
  const segment = ([kind, text]) => {
    if (kind === "text") return signs(text);
    if (kind === "cut") {
      const cut = make("span", "cut", "…");
      cut.title = `${text} characters left out`;
      return [cut];
    }
    return [make("mark", kind, ...signs(text.replaceAll("\n", "↵\n")))];
  };
  const turns = (parts) => {
    if (parts === null) return make("dl", "turns", make("dd", "withheld", "No room for its text on this page: curate why shows it."));
    if (!parts.length) {
      return make("dl", "turns", make("dd", "withheld", "Text withheld: this row holds a secret."));
    }
    const list = make("dl", "turns");
    for (const [label, segments] of parts) {
      const said = make("dd", "", ...segments.flatMap(segment));
      if (!segments.length) said.append(make("span", "nothing", "empty"));
      said.dir = "auto";
      list.append(make("dt", "", label), said);
    }
    return list;
  };

  const marked = (segments) => segments.findIndex(([kind]) => kind !== "text" && kind !== "cut");
  /* What became of a row; those of the core that nothing was found in are a sample. */
  const NAMES = { untouched: "kept" };
  const became = (row) => (row.d !== "kept" ? row.d : row.c.length ? "flagged" : "untouched");
  /* One line of a row: the mark with a little before it, else how its last turn begins. */
  const snippet = (row) => {
    const line = make("span", "snip");
    if (row.p === null) return line;
    const part = row.p.find(([, segments]) => marked(segments) >= 0) || row.p.at(-1);
    const at = part ? marked(part[1]) : -1;
    if (at < 0 && row.v !== null) line.append(make("i", "", row.v), " ");
    if (row.d === "quarantined" || !part) return line;
    if (!part[1].length) line.append(make("span", "nothing", "empty"));
    part[1].forEach(([kind, text], index) => {
      const flat = text.replace(/\s+/g, " ");
      if (kind === "cut") return;
      if (kind === "text") line.append(index < at && flat.length > LEAD ? `…${flat.slice(-LEAD)}` : flat);
      else line.append(make("mark", kind, flat === " " ? "↵" : flat));
    });
    return line;
  };

  /* Pages from disk have no clipboard in some browsers: there a selection is copied. */
  const copy = async (id) => {
    try {
      await navigator.clipboard.writeText(id);
    } catch {
      const field = make("textarea", "sr", id);
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    $("status").textContent = `Copied ${id}`;
  };

  /* A long name is cut before the line, never the line. */
  const place = (source, line) => make("span", "place", make("span", "file", source), `:${line}`);
  const body = (row) => {
    const because = make("ul", "because");
    for (const code of row.c) {
      because.append(make("li", "", make("code", "", rules[code].code), ` ${rules[code].name}`));
    }
    const header = make("header", "", place(row.s, row.l), make("code", "id", row.i || ""));
    const seen = [];
    if (row.v !== null) {
      const column = row.c.length && rules[row.c[0]].column;
      seen.push(make("span", "value", make("span", "quiet", column ? `${column} ` : ""), ...signs(row.v)));
    }
    if (row.i) {
      const button = make("button", "link", "copy id");
      button.type = "button";
      button.addEventListener("click", () => copy(row.i));
      header.append(button);
    }
    const example = make("article", "example");
    if (row.t) {
      const [id, source, line, parts] = row.t;
      const twin = make("header", "", place(source, line), make("code", "id", id), make("span", "tag twin", "its twin"));
      if (seen.length) example.append(make("p", "evidence", ...seen));
      example.append(make("div", "pair", make("div", "", header, turns(row.p)), make("div", "", twin, parts.length ? turns(parts) : "")));
    } else {
      header.append(...seen);
      example.append(header, turns(row.p));
    }
    return make("div", "body", because, example);
  };
  const item = (row) => {
    const codes = row.c.map((code) => rules[code].code).join(" ");
    const summary = make("summary", "", make("span", `tag ${became(row)}`, NAMES[became(row)] ?? became(row)),
      place(row.s, row.l), make("code", "codes", codes), snippet(row));
    const node = make("details", "row", summary);
    node.addEventListener("toggle", () => {
      if (node.open && node.childElementCount === 1) node.append(body(row));
    });
    node.dataset.id = row.i || "";
    return make("li", "", node);
  };

  const option = (value, text) => { const node = make("option", "", text); node.value = value; return node; };
  const counts = new Map(), deeds = new Map();
  for (const row of rows) {
    for (const code of row.c) counts.set(code, (counts.get(code) || 0) + 1);
    deeds.set(became(row), (deeds.get(became(row)) || 0) + 1);
  }
  $("rule").append(option("", "any"));
  rules.forEach(({ code }, at) => {
    if (counts.has(at)) $("rule").append(option(code, `${code} (${number(counts.get(at))})`));
  });
  const ENDS = ["dropped", "quarantined", "edited", "flagged", "untouched"];
  const SAID = { flagged: "kept, flagged", untouched: "kept, nothing found" };
  $("became").append(option("", "anything found"));
  for (const name of ENDS) {
    if (deeds.has(name)) $("became").append(option(name, `${SAID[name] ?? name} (${number(deeds.get(name))})`));
  }
  /* Where nothing was found the sample is all there is. */
  if (deeds.size === 1 && deeds.has("untouched")) $("became").value = "untouched";

  const files = new Map();
  for (const row of rows) files.set(row.s, (files.get(row.s) || 0) + 1);
  $("file").append(option("", "any"), ...[...files].map(([name, count]) => option(name, `${name} (${number(count)})`)));
  $("file").parentElement.hidden = files.size < 2;

  const value = (at) => (rows[at].v === null || rows[at].v.trim() === "" ? NaN : Number(rows[at].v.replaceAll(",", "")));
  /* Rows without a number stand last, whichever way the others are sorted. */
  const seen = (sign) => (a, b) => (Number.isNaN(value(a)) - Number.isNaN(value(b))) || sign * (value(a) - value(b)) || 0;
  const order = {
    place: () => 0,
    rule: (a, b) => (rows[a].c[0] ?? rules.length) - (rows[b].c[0] ?? rules.length),
    became: (a, b) => ENDS.indexOf(became(rows[a])) - ENDS.indexOf(became(rows[b])),
    least: seen(1),
    most: seen(-1),
    id: (a, b) => (rows[a].i < rows[b].i ? -1 : Number(rows[a].i > rows[b].i)),
  };

  /* Made at the first search: it takes as long as all else together. */
  let haystack;
  const hay = () => haystack ??= rows.map((row) => {
    const parts = row.t ? [...row.p, ...row.t[3]] : row.p || [];
    const texts = parts.map(([, segments]) => segments.map(([kind, text]) => (kind === "cut" ? "\n" : text)).join(""));
    return [row.i, `${row.s}:${row.l}`, row.v, ...row.c.map((at) => rules[at].code), ...texts].join("\n").toLowerCase();
  });
  let found = [], page = 0;
  const pages = () => Math.max(1, Math.ceil(found.length / PAGE));
  const draw = () => {
    const first = page * PAGE, last = Math.min(first + PAGE, found.length);
    $("list").replaceChildren(...found.slice(first, last).map((at) => item(rows[at])));
    $("list").start = first + 1;
    $("status").textContent = found.length
      ? `${number(first + 1)}–${number(last)} of ${one(found.length, "row")}` : "No such row.";
    $("back").disabled = page === 0;
    $("on").disabled = last >= found.length;
    $("page").value = page + 1;
    $("page").max = pages();
    $("pages").textContent = `of ${number(pages())}`;
  };
  const filter = () => {
    const wanted = $("find").value.trim().toLowerCase();
    const code = rules.findIndex((rule) => rule.code === $("rule").value);
    const state = $("became").value, file = $("file").value;
    found = [...rows.keys()].filter((at) => (code < 0 || rows[at].c.includes(code))
      && (state ? became(rows[at]) === state : became(rows[at]) !== "untouched") && (!file || rows[at].s === file)
      && (!wanted || hay()[at].includes(wanted)));
    found.sort(order[$("sort").value]);
    page = 0;
    draw();
  };
  const show = (wanted) => {
    if (!Number.isInteger(wanted) || wanted < 0 || wanted >= pages()) return false;
    page = wanted;
    draw();
    return true;
  };
  const turn = (step) => show(page + step);
  $("find").addEventListener("input", filter);
  $("rule").addEventListener("change", filter);
  for (const name of ["became", "file", "sort"]) $(name).addEventListener("change", filter);
  $("page").addEventListener("change", () => { if (!show($("page").valueAsNumber - 1)) $("page").value = page + 1; });
  $("back").addEventListener("click", () => turn(-1));
  $("on").addEventListener("click", () => turn(1));
  for (const button of document.querySelectorAll("[data-rule]")) {
    button.addEventListener("click", () => {
      $("rule").value = button.dataset.rule;
      $("find").value = $("became").value = $("file").value = "";
      filter();
      $("rows").scrollIntoView();
      $("rule").focus({ preventScroll: true });
    });
  }

  /* Who clicks a point of the map wants to read its row. */
  addEventListener("row", ({ detail }) => {
    $("find").value = detail;
    $("rule").value = $("became").value = $("file").value = "";
    const known = rows.find((row) => row.i === detail);
    if (known && became(known) === "untouched") $("became").value = "untouched";
    filter();
    $("rows").scrollIntoView();
    const first = [...$("list").querySelectorAll(".row")].find((node) => node.dataset.id === detail);
    if (!first) return;
    first.open = true;
    first.querySelector("summary").focus({ preventScroll: true });
  });

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      $("find").focus();
      return;
    }
    const row = event.target.closest(".row > summary");
    if (!row) return;
    const list = [...$("list").querySelectorAll(".row > summary")];
    const at = list.indexOf(row);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      list[at + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
    } else if (event.key === "c") {
      const id = row.parentElement.dataset.id;
      if (id) copy(id);
    } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      event.preventDefault();
      if (turn(event.key === "ArrowRight" ? 1 : -1)) $("list").querySelector("summary").focus();
    }
  });
  filter();
})();

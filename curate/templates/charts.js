/* The charts. Colours are CSS variables, so that light, dark and print need no drawing anew. */
"use strict";
(() => {
  const { charts, map } = JSON.parse(document.getElementById("data").textContent);
  const NARROW = 560, PAPER = 700, LINE = 21, FEW = 9, MANY = 16;
  const number = (value) => value.toLocaleString("en-US");
  const color = (name) => `var(--${name})`;
  /* A family that can be measured, not "inherit": long names are cut to fit. */
  const text = { color: color("ink"), fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12, textBorderWidth: 0 };
  const quiet = { ...text, color: color("quiet"), fontSize: 11 };
  /* Stripes beside plain fill tell the two apart without colour. */
  const stripes = { symbol: "rect", color: color("paper"), dashArrayX: [1, 0], dashArrayY: [2, 3], rotation: -Math.PI / 4 };

  /* A tooltip of text nodes: no name can act in it. */
  const hint = (...lines) => {
    const node = document.createElement("div");
    for (const line of lines) {
      const row = document.createElement("div");
      row.textContent = line;
      node.append(row);
    }
    return node;
  };
  const tooltip = {
    confine: true, transitionDuration: 0, backgroundColor: "var(--raised)", borderColor: "var(--line)",
    textStyle: { color: "var(--ink)", fontSize: 12 }, extraCssText: "box-shadow: none",
  };

  const draw = (box, height, option) => {
    const chart = echarts.init(box, null, { renderer: "svg", height: height(box.clientWidth) });
    const again = (width = box.clientWidth) => {
      if (!width) return;
      chart.resize({ width, height: height(width) });
      chart.setOption({ animation: false, textStyle: text, tooltip, ...option(width, height(width)) }, true);
      /* Paper of any width takes the drawing whole. */
      box.querySelector("svg").setAttribute("viewBox", `0 0 ${width} ${height(width)}`);
    };
    again();
    addEventListener("beforeprint", () => again(Math.min(PAPER, box.clientWidth)));
    addEventListener("afterprint", () => again());
    let known = box.clientWidth;
    new ResizeObserver(() => {
      if (matchMedia("print").matches || box.clientWidth === known) return;
      known = box.clientWidth;
      again();
    }).observe(box);
    return { chart, again };
  };

  /* --- the flow: all records -> what decided them -> where they ended --- */

  const DEEDS = ["dropped", "quarantined", "edited", "flagged", "untouched"];
  /* The widest ways by name; of the rest one way a deed. */
  const ways = (all, most) => {
    const named = all.filter(([code]) => code !== null);
    const shown = new Set([...named].sort((a, b) => b[3] - a[3]).slice(0, most));
    const rest = new Map();
    const made = [];
    for (const way of all) {
      const [code, end, deed, rows, known] = way;
      if (code === null || shown.has(way)) made.push({ id: `${deed} ${code}`, name: code ?? "nothing found", end, deed, rows, code: known ? code : null });
      else if (rest.has(deed)) { rest.get(deed).rows += rows; rest.get(deed).rules += 1; }
      else rest.set(deed, { id: `${deed} rest`, end, deed, rows, rules: 1 });
    }
    for (const one of rest.values()) one.name = `by ${one.rules} further rule${one.rules === 1 ? "" : "s"}`;
    return [...made, ...rest.values()].sort((a, b) => DEEDS.indexOf(a.deed) - DEEDS.indexOf(b.deed)
      || (a.rules ?? 0) - (b.rules ?? 0) || b.rows - a.rows);
  };
  const ENDS = { core: "kept", dropped: "dropped", quarantined: "quarantined" };
  const TONES = { dropped: "dropped", quarantined: "quarantined", edited: "edited", flagged: "flag", untouched: "kept" };
  const flowOption = (all) => (width, height) => {
    const narrow = width < NARROW;
    const middle = ways(all, narrow ? FEW : MANY);
    const total = middle.reduce((sum, one) => sum + one.rows, 0);
    const ends = new Map();
    for (const one of middle) ends.set(one.end, (ends.get(one.end) || 0) + one.rows);
    const solid = (tone) => ({ color: color(tone), borderColor: color(tone), borderWidth: 1 });
    const right = narrow ? 84 : 130, thick = 10, gap = narrow ? 15 : 13, top = 8, bottom = 12;
    const tall = height - top - bottom;
    const scale = (tall - gap * (middle.length - 1)) / total;
    /* The library sets the outer columns to the top; here they stand in the middle. */
    let at = (tall - total * scale - gap * (ends.size - 1)) / 2;
    const centred = (rows) => { const localY = at / tall; at += rows * scale + gap; return { localY }; };
    return {
      tooltip: { ...tooltip, trigger: "item", formatter: ({ data }) => hint(`${data.name ?? data.says}: ${number(data.value)} records`) },
      series: [{
        type: "sankey", layoutIterations: 0, draggable: false, nodeWidth: thick, nodeGap: gap,
        left: 1, right, top, bottom,
        emphasis: { disabled: true },
        data: [
          { id: "in", name: "in", value: total, depth: 0, localY: (tall - total * scale) / 2 / tall, itemStyle: solid("ink"), label: { formatter: `${number(total)} in`, position: "right", fontWeight: "bold" } },
          ...middle.map((one) => ({
            id: one.id, name: one.name, value: one.rows, depth: 1, code: one.code, itemStyle: solid(TONES[one.deed]),
            label: { formatter: `${number(one.rows)}  ${one.name}`, width: (width - 1 - right - thick) / 2 - thick - 12, overflow: "truncate" },
          })),
          ...[...ends].map(([name, rows]) => ({
            id: `end ${name}`, name, value: rows, depth: 2, ...centred(rows), itemStyle: solid(ENDS[name]),
            label: { formatter: `${number(rows)}${narrow ? "\n" : "  "}${name}`, fontWeight: "bold" },
          })),
        ],
        links: middle.flatMap((one) => {
          const lineStyle = { color: color(TONES[one.deed]), opacity: 0.28, curveness: 0.5 };
          const says = `${one.name}, ${one.deed}`;
          return [
            { source: "in", target: one.id, value: one.rows, says, lineStyle },
            { source: one.id, target: `end ${one.end}`, value: one.rows, says, lineStyle },
          ];
        }),
        label: { ...text, fontSize: narrow ? 11 : 12, position: "right", distance: 6 },
      }],
    };
  };
  const drawFlow = (box) => {
    const found = charts.flow.filter(([, , deed]) => deed !== "untouched");
    if (!found.length) { box.remove(); return; }
    const whole = charts.flow.reduce((sum, way) => sum + way[3], 0);
    const part = found.reduce((sum, way) => sum + way[3], 0);
    /* Where nearly nothing was found, what was found would be hairlines beside the rest. */
    let all = part > whole / 4;
    const shown = () => (all ? charts.flow : found);
    const height = (width) => LINE * (ways(shown(), width < NARROW ? FEW : MANY).length + 1) + 90;
    const { chart, again } = draw(box, height, (...size) => flowOption(shown())(...size));
    chart.on("click", ({ data }) => {
      const rule = data.code && document.getElementById(`rule-${data.code}`);
      if (rule) { rule.open = true; rule.scrollIntoView(); rule.querySelector("summary").focus({ preventScroll: true }); }
    });
    if (part === whole) return;
    const choice = box.parentElement.querySelector(".choice");
    choice.hidden = false;
    const press = () => {
      for (const button of choice.children) button.setAttribute("aria-pressed", String((button.dataset.flow === "all") === all));
    };
    for (const button of choice.children) {
      button.addEventListener("click", () => { all = button.dataset.flow === "all"; press(); again(); });
    }
    press();
  };

  /* --- histograms --- */

  const bars = (name, tone, values, more) => ({
    type: "bar", name, stack: "rows", barCategoryGap: 1, itemStyle: { color: color(tone), ...more },
    emphasis: { disabled: true }, data: values.map((value, at) => [at + 0.5, value]),
  });
  const step = (bins, width) => Math.ceil(bins.length / (width < 420 ? 7 : 10));
  const histogram = ({ unit, edges, core, gone, cuts }) => (width) => ({
    grid: { left: 44, right: 18, top: cuts.length ? 26 : 10, bottom: 24 },
    tooltip: {
      ...tooltip, trigger: "axis", axisPointer: { type: "none" },
      formatter: ([{ dataIndex: at }]) => hint(`${edges[at]} to ${edges[at + 1]} ${unit}`, `${number(core[at] + gone[at])} in, ${number(core[at])} in the core`),
    },
    xAxis: {
      type: "value", min: 0, max: core.length, interval: step(core, width), containShape: false,
      axisLabel: { ...quiet, formatter: (at) => edges[at], showMaxLabel: core.length % step(core, width) === 0 }, splitLine: { show: false },
      axisLine: { show: true, onZero: false, lineStyle: { color: color("ink") } }, axisTick: { show: true, lineStyle: { color: color("ink") } },
    },
    yAxis: {
      type: "value", splitNumber: 3, minInterval: 1, axisLabel: { ...quiet, formatter: number },
      splitLine: { lineStyle: { color: color("line") } },
    },
    series: [
      {
        ...bars("in the core", "kept", core),
        markLine: {
          symbol: "none", silent: true, animation: false, lineStyle: { color: color("ink"), type: "dashed", width: 1.5 },
          label: { ...text, fontSize: 11, formatter: ({ data }) => data.says, position: "end" },
          data: cuts.map(([at, says]) => ({ xAxis: at, says })),
        },
      },
      bars("taken out", "dropped", gone, { decal: stripes }),
    ],
  });

  const languages = (some) => () => ({
    grid: { left: 64, right: 84, top: 4, bottom: 4 },
    tooltip: {
      ...tooltip, trigger: "axis", axisPointer: { type: "none" },
      formatter: ([{ dataIndex: at }]) => hint(some[at][0], `${number(some[at][1] + some[at][2])} in, ${number(some[at][1])} in the core`),
    },
    xAxis: { type: "value", show: false },
    yAxis: {
      type: "category", inverse: true, data: some.map(([name]) => name), axisTick: { show: false },
      axisLine: { lineStyle: { color: color("ink") } }, axisLabel: text,
    },
    series: [["in the core", "kept", 1], ["taken out", "dropped", 2]].map(([name, tone, at]) => ({
      type: "bar", name, stack: "rows", barWidth: 11, emphasis: { disabled: true },
      itemStyle: { color: color(tone), ...(at === 2 && { decal: stripes }) },
      label: { ...quiet, show: at === 2, position: "right", formatter: ({ dataIndex }) => number(some[dataIndex][1] + some[dataIndex][2]) },
      data: some.map((one) => one[at]),
    })),
  });

  /* --- tasks beside the ladder: rows spread over orders of magnitude --- */

  const named = (some, width) => ({
    type: "category", inverse: true, data: some.map(([name]) => name), axisTick: { show: false },
    axisLine: { show: false }, axisLabel: { ...text, width, overflow: "truncate" },
  });
  const ladder = (some) => (width) => {
    const narrow = width < NARROW, label = narrow ? 168 : 230;
    const least = Math.min(...some.map(([, rows]) => rows), charts.ladder[0]), most = Math.max(...some.map(([, rows]) => rows), charts.ladder.at(-1));
    const dots = (at, symbolSize, itemStyle) => ({ type: "scatter", symbolSize, itemStyle, emphasis: { disabled: true }, silent: true, data: some.map((one, place) => [Math.max(one[at], 1), place]) });
    return {
      grid: { left: label + 10, right: narrow ? 20 : 44, top: 32, bottom: 12 },
      tooltip: {
        ...tooltip, trigger: "axis", axisPointer: { type: "none" },
        formatter: ([{ dataIndex: at }]) => hint(some[at][0], `${number(some[at][1])} in, ${number(some[at][2])} in the core`),
      },
      xAxis: { type: "log", min: Math.max(1, least * 0.7), max: most * 1.3, axisLabel: { show: false }, axisTick: { show: false }, axisLine: { show: false }, splitLine: { show: false }, minorSplitLine: { show: false } },
      yAxis: { ...named(some, label), boundaryGap: false, splitLine: { show: true, lineStyle: { color: color("line") } } },
      series: [
        {
          ...dots(1, 11, { color: color("paper"), borderColor: color("quiet"), borderWidth: 1.5 }),
          label: { ...quiet, textBorderColor: color("paper"), textBorderWidth: 3, show: !narrow, position: "right", distance: 7, formatter: ({ dataIndex: at }) => number(some[at][1]) },
          markLine: {
            symbol: "none", silent: true, animation: false, z: 1, lineStyle: { color: color("ink"), type: "dashed", width: 1.2 },
            label: { ...text, fontSize: 11, formatter: ({ data }) => data.says, position: "start" },
            data: charts.ladder.map((step) => ({ xAxis: step, says: number(step) })),
          },
        },
        dots(2, 8, { color: color("kept") }),
      ],
    };
  };

  /* --- how the answers are written --- */

  const quarters = { min: 0, max: 1, interval: 0.25, axisLabel: { ...quiet, formatter: (at) => `${at * 100} %` }, splitLine: { lineStyle: { color: color("line") } } };
  const interval = (some) => () => ({
    grid: { left: 44, right: 30, top: 4, bottom: 22 },
    tooltip: {
      ...tooltip, trigger: "axis", axisPointer: { type: "none" },
      formatter: ([{ dataIndex: at }]) => hint(some[at][0], some[at][4]),
    },
    xAxis: { type: "value", ...quarters },
    yAxis: named(some, 40),
    series: [
      { type: "bar", stack: "share", barWidth: 14, silent: true, itemStyle: { color: "transparent" }, data: some.map((one) => one[1]) },
      { type: "bar", stack: "share", barWidth: 14, emphasis: { disabled: true }, itemStyle: { color: color("flag"), opacity: 0.4, borderRadius: 2 }, data: some.map((one) => one[3] - one[1]) },
      { type: "scatter", symbol: "circle", symbolSize: 12, silent: true, itemStyle: { color: color("flag"), borderColor: color("paper"), borderWidth: 2 }, data: some.map((one, at) => [one[2], at]) },
    ],
  });
  const manners = (some) => (width) => ({
    grid: { left: width < 340 ? 128 : 158, right: 52, top: 4, bottom: 4 },
    tooltip: {
      ...tooltip, trigger: "axis", axisPointer: { type: "none" },
      formatter: ([{ dataIndex: at }]) => hint(some[at][0], `${some[at][3]} of these answers, ${some[at][4]} of people's`),
    },
    xAxis: { type: "value", min: 0, max: Math.max(...some.flatMap(([, own, people]) => [own, people])), show: false },
    yAxis: named(some, width < 340 ? 118 : 148),
    series: [
      { type: "bar", barWidth: 10, emphasis: { disabled: true }, itemStyle: { color: color("flag") }, data: some.map((one) => one[1]) },
      {
        type: "scatter", symbol: "rect", symbolSize: [2, 18], silent: true, itemStyle: { color: color("ink") }, data: some.map((one, at) => [one[2], at]),
        label: { ...quiet, show: true, position: "right", distance: 8, formatter: ({ dataIndex: at }) => (some[at][2] >= some[at][1] ? some[at][3] : "") },
      },
      {
        type: "scatter", symbolSize: 0, silent: true, data: some.map((one, at) => [one[1], at]),
        label: { ...quiet, show: true, position: "right", distance: 8, formatter: ({ dataIndex: at }) => (some[at][2] < some[at][1] ? some[at][3] : "") },
      },
    ],
  });

  /* --- the map: what became of a row, whether it has copies or what it asks, by form and colour --- */

  const FORMS = ["circle", "triangle", "diamond", "rect"], TASKS = 9;
  const [X, Y, STATE, TASK, COPIES, ID, SAID] = [0, 1, 2, 3, 4, 5, 6];
  const STATES = [["untouched", "kept", "circle", 3], ["flagged", "flag", "triangle", 6], ["edited", "edited", "diamond", 7], ["dropped", "dropped", "rect", 5]];
  const BY = {
    outcome: () => ({ groups: STATES, of: (point) => point[STATE] }),
    copies: () => ({
      groups: map.copies.map((name, at) => [name, ["quiet", "t0", "t4", "t6"][at], FORMS[at], at ? 7 : 2.5]),
      of: (point) => point[COPIES],
    }),
    task: () => {
      const shown = map.tasks.slice(0, TASKS);
      const rest = [[`${map.tasks.length - TASKS} more tasks, and none`, "quiet", "circle", 2.5]];
      const other = map.tasks.length > TASKS ? rest : [["none", "quiet", "circle", 2.5]];
      return {
        groups: [...shown.map((name, at) => [name, `t${at}`, FORMS[at % FORMS.length], [5, 6, 7, 5][at % FORMS.length]]), ...other],
        of: (point) => (point[TASK] >= 0 && point[TASK] < TASKS ? point[TASK] : shown.length),
      };
    },
  };
  /* Few points may be larger. */
  const grown = (points) => (points.length < 1000 ? 1.6 : 1);
  const places = (points, { groups, of }, only) => () => ({
    grid: { left: 4, right: 4, top: 4, bottom: 4 },
    tooltip: {
      ...tooltip, trigger: "item", extraCssText: "box-shadow: none; max-width: 24rem; white-space: normal",
      formatter: ({ data: [,, at] }) => {
        const point = points[at];
        const told = [STATES[point[STATE]][0], ...(point[TASK] < 0 ? [] : [map.tasks[point[TASK]]]), ...(point[COPIES] ? [map.copies[point[COPIES]]] : [])];
        return hint(point[SAID] ?? "Text withheld: this row holds a secret.", told.join(" · "), point[ID]);
      },
    },
    xAxis: { type: "value", min: 0, max: 1, show: false },
    yAxis: { type: "value", min: 0, max: 1, show: false },
    series: groups.map(([name, tone, symbol, symbolSize], group) => ({
      type: "scatter", name, symbol, symbolSize: symbolSize * grown(points), cursor: "pointer", emphasis: { disabled: true },
      itemStyle: { color: color(tone), opacity: only !== null && only !== group ? 0.07 : tone === "quiet" || (tone === "kept" && !group) ? 0.5 : 0.85 },
      data: points.flatMap((point, at) => (of(point) === group ? [[point[X], point[Y], at]] : [])),
    })),
  });
  const drawMap = async (box) => {
    let points;
    try {
      const bytes = Uint8Array.from(atob(map.points), (sign) => sign.charCodeAt(0));
      points = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
    } catch {
      document.getElementById("map").hidden = true;
      return;
    }
    const choice = document.getElementById("map-by"), key = document.getElementById("map-key");
    let by = BY.outcome(), only = null;
    const { chart, again } = draw(box, (width) => Math.round(Math.min(Math.max(width * 0.62, 280), 640)), (...size) => places(points, by, only)(...size));
    const press = (button, is) => button.setAttribute("aria-pressed", String(is));
    const keys = () => {
      const counted = by.groups.map((_, group) => points.filter((point) => by.of(point) === group).length);
      key.replaceChildren(...by.groups.flatMap(([name, tone, form], group) => {
        if (!counted[group]) return [];
        const button = document.createElement("button"), sign = document.createElement("i");
        button.type = "button";
        button.title = "only these";
        sign.className = form;
        sign.style.setProperty("--c", color(tone));
        const rows = document.createElement("span");
        rows.textContent = number(counted[group]);
        button.append(sign, name, rows);
        press(button, false);
        button.addEventListener("click", () => {
          only = only === group ? null : group;
          for (const one of key.children) press(one, one === button && only !== null);
          again();
        });
        return [button];
      }));
    };
    keys();
    choice.hidden = choice.children.length < 2;
    for (const button of choice.children) {
      button.addEventListener("click", () => {
        by = BY[button.dataset.by]();
        only = null;
        for (const one of choice.children) press(one, one === button);
        keys();
        again();
      });
    }
    chart.on("click", ({ data: [,, at] }) => {
      dispatchEvent(new CustomEvent("row", { detail: points[at][ID] }));
    });
  };

  drawFlow(document.getElementById("chart-flow"));
  const laid = document.getElementById("chart-map");
  if (laid) drawMap(laid);
  for (const box of document.querySelectorAll("[data-shape]")) {
    draw(box, () => 190, histogram(charts.shapes[Number(box.dataset.shape)]));
  }
  const spoken = document.getElementById("chart-languages");
  if (spoken) draw(spoken, () => 22 * charts.languages.length + 12, languages(charts.languages));
  for (const [name, made, some, height] of [["tasks", ladder, charts.tasks, 20 * charts.tasks.length + 24],
    ["synthetic", interval, charts.synthetic, 26 * charts.synthetic.length + 26],
    ["phrases", manners, charts.phrases, 24 * charts.phrases.length + 8]]) {
    const box = document.getElementById(`chart-${name}`);
    if (box) draw(box, () => height, made(some));
  }
})();

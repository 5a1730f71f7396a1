// The time line, the doors side by side, and what leads from step to step.

// -- the time line -----------------------------------------------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** The picture of a call: a bar for each step, in the row of who does it. */
function rollOf(call, number) {
  const svg = shape("svg", { viewBox: `0 0 ${call.steps.length} 4`, preserveAspectRatio: "none", "aria-hidden": "true" });
  for (const first of call.first.filter((at) => at > 0)) svg.append(shape("line", { class: "part", x1: first, x2: first, y1: 0, y2: 4 }));
  call.bars = call.lanes.map((lane, at) => shape("rect", { class: `lane${lane}`, x: at + 0.08, width: 0.84, y: lane + 0.14, height: 0.72 }));
  call.head = shape("rect", { class: "head", width: 1, y: 0, height: 4 });
  svg.append(...call.bars, call.head);
  const pick = (event) => {
    const box = svg.getBoundingClientRect();
    const at = Math.floor((event.clientX - box.left) / box.width * call.steps.length);
    current = number;
    go(at);
  };
  svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); pick(event); });
  svg.addEventListener("pointermove", (event) => { if (event.buttons & 1) pick(event); });
  call.roll = el("div", { class: "roll" });
  if (calls.length > 1) call.roll.append(el("span", { class: "door" }, call.door));
  call.roll.append(el("ul", { "aria-hidden": "true" }, ...told.lanes.map((lane) => el("li", {}, lane))), svg);
  return call.roll;
}

function showRolls() {
  calls.forEach((call, number) => {
    call.roll.classList.toggle("other", number !== current);
    call.head.setAttribute("x", call.at);
    call.bars.forEach((bar, at) => {
      bar.classList.toggle("ahead", at > call.at);
      bar.classList.toggle("hit", number === current && hits.includes(at));
    });
  });
}

function showStations(call) {
  const list = $("stations");
  if (list.dataset.call !== String(current)) {
    list.dataset.call = String(current);
    list.replaceChildren(...call.stations.map((station, number) => el("li", {},
      el("button", { type: "button", "data-station": number }, `${number + 1} ${station.heading}`))));
  }
  for (const button of list.querySelectorAll("button")) {
    if (Number(button.dataset.station) === call.steps[call.at].station) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  }
}

// -- doors side by side --------------------------------------------------------------------------------------------------

/** What a part is, without what it is about: the same for all doors. */
function kindOf(station) { return station.heading.split(":")[0]; }

/** Moves the other calls to the same part, and as far into it. */
function followWith(call) {
  const step = call.steps[call.at], inside = call.at - call.first[step.station];
  for (const other of calls) {
    if (other === call) continue;
    const same = other.stations.findIndex((station) => kindOf(station) === kindOf(call.stations[step.station]));
    if (same < 0) continue;
    const count = other.steps.filter((one) => one.station === same).length;
    other.at = other.first[same] + Math.min(inside, count - 1);
  }
}

function showBeside() {
  $("beside").replaceChildren(...calls.map((call, number) => {
    const step = call.steps[call.at];
    const card = el("article", { class: number === current ? "active" : null, "data-call": number },
      el("h3", {}, call.door), el("p", { class: "part" }, call.stations[step.station].heading),
      el("p", { class: "title" }, step.title), el("ul", {}, ...step.effects.slice(0, 3).map((text) => el("li", {}, text))));
    return card;
  }));
  for (const tab of $("doors").children) tab.setAttribute("aria-selected", String(Number(tab.dataset.call) === current));
}

function compare() {
  const cpu = (call, pattern) => call.steps.filter((step) => step.lane === "CPU" && pattern.test(step.title)).map((step) => step.title);
  const code = (call) => call.steps.filter((step) => step.lane === "ring 0" && step.code);
  const rows = [
    ["Instructions in ring 0", (call) => String(code(call).length)],
    ["The CPU looks up", (call) => cpu(call, /^read/).map((title) => title.slice(5))],
    ["The CPU checks", (call) => cpu(call, /^check/).map((title) => title.slice(6))],
    ["The CPU saves on the stack", (call) => cpu(call, /^write push/).map((title) => title.slice(11))],
    ["The CPU sets", (call) => cpu(call, /^set/).map((title) => title.slice(4))],
    ["Ring 0 begins at", (call) => code(call)[0]?.code.where ?? ""],
    ["Ring 0 goes back by", (call) => code(call).at(-1)?.code.text ?? ""],
    ["The program finds changed", (call) => (call.steps.at(-1).tables[0]?.rows ?? []).map((row) => row.name)],
  ];
  const head = el("thead", {}, el("tr", {}, el("td"), ...calls.map((call) => el("th", { scope: "col" }, call.door))));
  const body = el("tbody", {}, ...rows.map(([name, give]) => el("tr", {}, el("th", { scope: "row" }, name), ...calls.map((call) => {
    const given = give(call);
    return el("td", {}, Array.isArray(given) ? (given.length ? given.join(", ") : "nothing") : given);
  }))));
  $("compared").replaceChildren(el("table", {}, head, body));
}

// -- going ---------------------------------------------------------------------------------------------------------------

function go(to) {
  const call = calls[current];
  call.at = Math.max(0, Math.min(call.steps.length - 1, to));
  const step = call.steps[call.at];
  if (calls.length > 1) {
    followWith(call);
    showBeside();
  }
  const slider = $("slider");
  slider.max = call.steps.length - 1;
  slider.value = call.at;
  slider.setAttribute("aria-valuetext", `step ${call.at + 1} of ${call.steps.length}: ${step.title}`);
  showStations(call);
  showRolls();
  showNow(call, step);
  showRegisters(call);
  showListing(call, step);
  showSource(step);
  showStack(call, step);
  showExtra(call, step);
}

/** Names the step in the address; not for every step of a key that is held down, which browsers do not allow. */
function link() {
  const place = `#${calls.length > 1 ? `${current + 1}.` : ""}${calls[current].at + 1}`;
  if (location.hash !== place) history.replaceState(null, "", place);
}

function goToStation(number) {
  const at = calls[current].first[number];
  if (at !== undefined && at >= 0) go(at);
}

function turn(number) {
  current = (number + calls.length) % calls.length;
  search($("search").value);
  showAll();
  $("outcome").textContent = calls[current].outcome;
  go(calls[current].at);
}

function play(on) {
  clearInterval(timer);
  timer = on ? setInterval(() => {
    if (calls[current].at + 1 >= calls[current].steps.length) play(false);
    else go(calls[current].at + 1);
  }, 900) : null;
  $("play").textContent = on ? "Stop" : "Play";
  $("play").setAttribute("aria-pressed", String(on));
}

function search(words) {
  const wanted = words.trim().toLowerCase().split(/\s+/).filter(Boolean);
  hits = wanted.length ? calls[current].words.flatMap((text, at) => (wanted.every((word) => text.includes(word)) ? [at] : [])) : [];
  $("hits").textContent = wanted.length ? (hits.length ? `${hits.length} found` : "none found") : "";
  for (const row of $("all").querySelectorAll("tbody tr")) row.classList.toggle("hit", hits.includes(Number(row.dataset.step)));
}

function goToHit(forth) {
  if (!hits.length) return;
  const at = calls[current].at;
  const next = forth ? hits.find((hit) => hit > at) ?? hits[0] : hits.findLast((hit) => hit < at) ?? hits.at(-1);
  go(next);
  $("hits").textContent = `${hits.indexOf(next) + 1} of ${hits.length}`;
}

function showAll() {
  const call = calls[current];
  const body = el("tbody", {}, ...call.steps.map((step, number) => el("tr", { "data-step": number },
    el("th", { scope: "row" }, String(number + 1)), el("td", {}, step.lane),
    el("td", { class: "mono" }, step.title), el("td", {}, step.effects.join("; ")))));
  const head = el("thead", {}, el("tr", {}, ...["step", "who", "what", "what came of it"].map((name) => el("th", { scope: "col" }, name))));
  $("all").replaceChildren(el("table", {}, head, body));
}

const themes = ["system", "light", "dark"];

function setTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  $("theme").textContent = `Theme: ${theme}`;
  try { localStorage.setItem("ring3-theme", theme); } catch { /* a page of a file may keep nothing */ }
}

function nextTheme() {
  setTheme(themes[(themes.indexOf(document.documentElement.dataset.theme ?? "system") + 1) % themes.length]);
}

const keys = {
  ArrowRight: () => go(calls[current].at + 1),
  ArrowLeft: () => go(calls[current].at - 1),
  PageDown: () => goToStation(calls[current].steps[calls[current].at].station + 1),
  PageUp: () => goToStation(calls[current].steps[calls[current].at].station - 1),
  Home: () => go(0),
  End: () => go(Infinity),
  "/": () => $("search").focus(),
  d: () => turn(current + 1),
  p: () => play(timer === null),
  t: nextTheme,
  "?": () => $("keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || $("keys").open) return;
  const at = event.target;
  if (at.id === "search") {
    if (event.key === "Enter") goToHit(!event.shiftKey);
    else if (event.key === "Escape") { at.value = ""; search(""); showRolls(); $("now").focus(); }
    return;
  }
  if (at.id === "slider" && /^(Arrow|Page|Home|End)/.test(event.key)) return;
  const act = keys[event.key] ?? (/^[1-9]$/.test(event.key) ? () => goToStation(Number(event.key) - 1) : null);
  if (!act) return;
  event.preventDefault();
  act();
});

function begin() {
  $("rolls").replaceChildren(...calls.map(rollOf));
  if (calls.length > 1) {
    $("doors").hidden = $("beside").hidden = $("compared-box").hidden = false;
    $("doors").replaceChildren(...calls.map((call, number) => el("button",
      { type: "button", role: "tab", "aria-controls": "main", "data-call": number }, call.door)));
    $("doors").addEventListener("click", (event) => { if (event.target.dataset.call) turn(Number(event.target.dataset.call)); });
    $("beside").addEventListener("click", (event) => {
      const card = event.target.closest("[data-call]");
      if (card) turn(Number(card.dataset.call));
    });
    compare();
  }
  const steps = { first: "Home", back: "ArrowLeft", forth: "ArrowRight", last: "End", before: "PageUp", after: "PageDown", play: "p", theme: "t", help: "?" };
  for (const [id, key] of Object.entries(steps)) $(id).addEventListener("click", keys[key]);
  $("slider").addEventListener("input", () => go(Number($("slider").value)));
  $("search").addEventListener("input", () => { search($("search").value); showRolls(); });
  $("stations").addEventListener("click", (event) => { if (event.target.dataset.station) goToStation(Number(event.target.dataset.station)); });
  for (const box of [$("listing"), $("all")]) {
    box.addEventListener("click", (event) => {
      const row = event.target.closest("[data-step]");
      if (row) go(Number(row.dataset.step));
    });
  }
  for (const over of ["keyup", "pointerup", "click"]) document.addEventListener(over, link);
  let wasOpen = false;
  addEventListener("beforeprint", () => { wasOpen = $("all-box").open; $("all-box").open = true; });
  addEventListener("afterprint", () => { $("all-box").open = wasOpen; });
  let kept = null;
  try { kept = localStorage.getItem("ring3-theme"); } catch { /* as above */ }
  setTheme(themes.includes(kept) ? kept : "system");
  const place = location.hash.slice(1).split(".").map(Number);
  const at = place.at(-1) - 1;
  if (place.length > 1 && calls[place[0] - 1]) current = place[0] - 1;
  if (at > 0) calls[current].at = at;
  turn(current);
}

begin();

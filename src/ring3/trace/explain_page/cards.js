// What is shown of a step: each function fills one part of the page.

function showNow(call, step) {
  const station = call.stations[step.station];
  const lane = $("lane");
  lane.textContent = step.lane;
  lane.className = `lane lane${told.lanes.indexOf(step.lane)}`;
  $("count").textContent = `step ${call.at + 1} of ${call.steps.length}`;
  $("now-heading").textContent = `${step.station + 1}. ${station.heading}`;
  $("now-text").textContent = station.text;
  $("now-source").hidden = !station.source.length;
  $("now-source").textContent = station.source.join("\n");
  $("step-title").textContent = step.title;
  const code = step.code;
  $("step-bytes").textContent = code ? `${code.address}${code.where ? ` <${code.where}>` : ""}   ${code.bytes}` : "";
  $("step-effects").replaceChildren(...step.effects.map((text) => el("li", {}, text)));
}

function showRegisters(call) {
  const now = call.states[call.at].registers;
  const before = call.at ? call.states[call.at - 1].registers : call.registers;
  $("registers").replaceChildren(...told.registers.filter((name) => name in now).map((name) => {
    const changed = now[name] !== before[name];
    const value = el("dd", {}, shownRegister(name, now[name]));
    if (changed && name !== "rip") value.append(el("span", { class: "was" }, before[name]));
    const wide = ["gs_base", "kernel_gs_base"].includes(name) ? "wide" : "";
    return el("div", { class: [changed ? "changed" : "", wide].join(" ").trim() || null, "data-name": name },
      el("dt", {}, name), value);
  }));
  const flags = BigInt(now.rflags), old = BigInt(before.rflags);
  $("flags").replaceChildren(...told.flags.map(([name, bit]) => {
    const on = (flags & BigInt(bit)) !== 0n, changed = on !== ((old & BigInt(bit)) !== 0n);
    return el("li", { class: [on ? "on" : "", changed ? "changed" : ""].join(" ").trim() || null,
      "aria-label": `${name} ${on ? "set" : "clear"}` }, name);
  }));
}

function shownRegister(name, value) {
  return name === "cs" ? `${value}  CPL ${Number(BigInt(value) & 3n)}` : value;
}

function showListing(call, step) {
  const list = $("listing").firstElementChild;
  const shown = `${current}/${step.station}`;
  if (list.dataset.shown !== shown) {
    list.dataset.shown = shown;
    list.replaceChildren(...call.steps.map((one, number) => [one, number]).filter(([one]) => one.station === step.station)
      .map(([one, number]) => el("li", {}, el("button", { type: "button", "data-step": number, tabindex: "-1" },
        ...(one.code ? [el("span", { class: "place" }, "| ".repeat(one.code.depth) + (one.code.where || one.code.address)),
          el("span", { class: "what" }, one.title)] : [el("span", { class: "what" }, one.title),
          ...one.effects.slice(0, 1).map((text) => el("span", { class: "came" }, text))])))));
  }
  for (const button of list.querySelectorAll("button")) {
    const here = Number(button.dataset.step) === call.at;
    button.toggleAttribute("aria-current", here);
    if (here) {
      button.setAttribute("aria-current", "step");
      centre($("listing"), button);
    }
  }
}

/** Scrolls a box, and nothing around it, so that something in it is in the middle. */
function centre(box, inside) {
  const at = inside.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
  box.scrollTop = at - box.clientHeight / 2;
}

/** What stands in the box of the source for a step: texts with the number of their first line, and which is now. */
function sourceOf(step) {
  const code = step.code;
  if (step.written) {
    return [{ title: `${step.written.file}:${step.written.line}`, first: step.written.line, texts: step.written.text.split("\n"), isHere: () => false }];
  }
  if (code?.file) {
    const texts = told.sources[code.file];
    const parts = [{ title: code.file, first: 1, texts, isHere: (number) => number === code.line }];
    const macro = told.macros[texts[code.line - 1].trim().split(/\s+/)[0]];
    if (macro) {
      const [file, first, last] = macro;
      const bare = (text) => text.replace(/\/\*.*?\*\//g, "").trim().replace(/\s+/g, " ");
      parts.unshift({ title: `the macro, in ${file}`, first, texts: told.sources[file].slice(first - 1, last),
        isHere: (_, text) => bare(text) === code.text.trim() });
    }
    return parts;
  }
  if (!code) return [];
  const listing = step.listing.length ? step.listing : [code];
  return [{
    title: step.lane === "ring 3" ? "the program's machine code" : "without a source: stubs are made of the tables",
    first: 1,
    texts: listing.map((one) => `${(one.where || one.address).padEnd(22)} ${one.bytes.padEnd(24)} ${one.text}`),
    isHere: (number) => listing[number - 1].address === code.address,
  }];
}

function showSource(step) {
  const box = $("source"), parts = sourceOf(step);
  const shown = parts.map((part) => `${part.title}\n${part.texts.join("\n")}`).join("\n");
  box.parentElement.hidden = !parts.length;
  if (box.shown !== shown) {
    box.shown = shown;
    box.replaceChildren(...parts.flatMap((part) => [el("p", { class: "file" }, part.title),
      el("pre", { class: "lines" }, ...part.texts.map((text, at) =>
        el("span", {}, el("i", { "aria-hidden": "true" }, String(at + part.first)), text || " ")))]));
    box.scrollTop = 0;
  }
  const lines = [...box.querySelectorAll(".lines span")];
  const here = parts.flatMap((part) => part.texts.map((text, at) => part.isHere(at + part.first, text)));
  lines.forEach((line, at) => line.classList.toggle("here", here[at]));
  const first = lines[here.indexOf(true)];
  if (first) centre(box, first);
}

function showStack(call, step) {
  const box = $("stack"), state = call.states[call.at];
  if (!call.stack.length) {
    box.replaceChildren(el("p", { class: "file" }, "this call's frame was not seen"));
    return;
  }
  if (box.dataset.shown !== String(current)) {
    box.dataset.shown = String(current);
    call.stack.forEach((word) => {
      word.value = el("td", {});
      word.rsp = el("td", { class: "rsp" });
      word.row = el("tr", { "data-address": word.address }, el("td", { class: "address" }, word.address.slice(-6)),
        el("th", { scope: "row" }, word.field ?? ""), word.value, word.rsp);
    });
    box.replaceChildren(el("table", {}, el("caption", {}, `${call.frame.name} at ${call.frame.address}`),
      el("tbody", {}, ...call.stack.map((word) => word.row))));
  }
  const touched = new Map(step.memory.map((touch) => [touch.address, touch]));
  let marked = null;
  for (const word of call.stack) {
    const there = state.memory.get(word.address), touch = touched.get(word.address);
    const isTop = word.address === state.registers.rsp;
    word.row.className = [word.field ? "frame" : "", touch ? (touch.write ? "written" : "read") : ""].join(" ").trim();
    word.value.className = there ? "" : "empty";
    word.value.replaceChildren(there ? there.value ?? "?" : "\u00b7", there?.symbol ? el("small", {}, there.symbol) : "");
    word.rsp.textContent = isTop ? "\u2190 rsp" : "";
    if (touch || (isTop && !marked)) marked = word.row;
  }
  if (marked) centre(box, marked);
}

function bitsCard(word) {
  const list = el("ul", { class: "bits" });
  for (const field of word.fields) {
    const isSet = BigInt(field.value) !== 0n;
    list.append(el("li", { class: [isSet ? "set" : "", field.name ? "" : "reserved"].join(" ").trim() || null },
      el("span", { class: "range" }, field.high === field.low ? `${field.high}` : `${field.high}:${field.low}`),
      el("span", { class: "name" }, field.name || "\u2013"), " ",
      el("span", { class: "value" }, "0x" + BigInt(field.value).toString(16)),
      field.meaning ? el("span", { class: "meaning" }, field.meaning) : ""));
  }
  const raw = "0x" + BigInt(word.raw).toString(16);
  return el("section", { class: "card wide" }, el("h2", {}, `${word.what}, bit by bit `, el("span", { class: "raw" }, raw)), list);
}

function walkCard(walk, address) {
  const at = BigInt(address);
  const split = el("ul", { class: "split", "aria-label": "The address, divided" });
  for (const [name, shift] of [["PML4", 39n], ["PDPT", 30n], ["PD", 21n], ["PT", 12n]]) {
    split.append(el("li", {}, `${name} `, el("b", {}, String((at >> shift) & 511n))));
  }
  split.append(el("li", {}, "offset ", el("b", {}, "0x" + (at & 4095n).toString(16))));
  const chain = el("ol", { class: "chain" }, el("li", {}, el("article", {}, el("h3", {}, "CR3"), el("p", {}, walk.root))));
  for (const level of walk.levels) {
    const bit = (name) => level.bits.fields.some((field) => field.name === name && BigInt(field.value) !== 0n);
    const rights = bit("P") ? [bit("R/W") ? "writable" : "read-only", bit("U/S") ? "user" : "kernel", bit("NX") ? "no fetch" : ""]
      .filter(Boolean).join(", ") : "not present";
    chain.append(el("li", {}, el("article", { class: bit("P") ? null : "gone" }, el("h3", {}, `${level.level}[${level.index}]`),
      el("p", {}, `at ${level.address}`), el("p", {}, "0x" + BigInt(level.bits.raw).toString(16)), el("p", {}, rights))));
  }
  const physical = walk.physical === null ? null : "0x" + (BigInt(walk.physical) + (at & 4095n)).toString(16);
  chain.append(el("li", {}, el("article", { class: physical ? "reached" : "gone" },
    el("h3", {}, physical ? "physical" : "no page"), el("p", {}, physical ?? "a page fault"))));
  return el("section", { class: "card wide" }, el("h2", {}, "Page tables: the way to ", el("span", { class: "raw" }, address)), split, chain);
}

function tableCard(table) {
  const body = el("tbody");
  for (const row of table.rows) {
    body.append(el("tr", {}, el("th", { scope: "row", class: "mono" }, row.name), el("td", { class: "mono" }, row.value), el("td", {}, row.remark)));
  }
  return el("section", { class: "card" }, el("table", {}, el("caption", {}, table.title), body));
}

function showExtra(call, step) {
  $("extra").replaceChildren(
    ...step.tables.map(tableCard),
    ...step.bits.map(bitsCard),
    ...step.walks.map((found) => walkCard(call.walks[found.walk], found.address)),
  );
}


"use strict";
// A frame is clicked, or Enter is pressed on it: it fills the width. Escape shows all again. Arrows go to neighbours.
const svg = document.currentScript.closest("svg");
const told = svg.querySelector("#told");
const frames = [...svg.querySelectorAll(".f")].map((at) => ({
  at, x: +at.dataset.x, w: +at.dataset.w, d: +at.dataset.d, name: at.querySelector("text").textContent,
}));
const hint = "Click or Enter: zoom. Escape: back. Arrows: move. /: search.";
const slack = 1e-6;
let zoomed = frames[0];

function inside(one, outer) { return one.x >= outer.x - slack && one.x + one.w <= outer.x + outer.w + slack; }

function zoom(to) {
  zoomed = to;
  for (const one of frames) {
    const below = one.d < to.d && inside(to, one);
    const shown = below || (one.d >= to.d && inside(one, to));
    one.at.classList.toggle("gone", !shown);
    one.at.classList.toggle("faded", below);
    one.at.setAttribute("x", below ? "0%" : `${(one.x - to.x) / to.w * 100}%`);
    one.at.setAttribute("width", below ? "100%" : `${one.w / to.w * 100}%`);
  }
}

function say(one) { told.textContent = one ? one.at.getAttribute("aria-label") : hint; }

function search(words) {
  let pattern = null;
  try { pattern = words ? new RegExp(words, "i") : null; } catch { told.textContent = "no regular expression"; return; }
  let share = 0, edge = -1;
  for (const one of frames) {
    const hit = pattern !== null && pattern.test(one.name);
    one.at.classList.toggle("hit", hit);
  }
  for (const one of frames.filter((f) => f.at.classList.contains("hit")).sort((a, b) => a.x - b.x || b.w - a.w)) {
    if (one.x >= edge - slack) { share += one.w; edge = one.x + one.w; }
  }
  told.textContent = pattern ? `${words}: ${(share * 100).toFixed(2)}%` : hint;
}

function neighbour(from, key) {
  const shown = frames.filter((f) => !f.at.classList.contains("gone"));
  if (key === "ArrowUp") return shown.filter((f) => f.d === from.d + 1 && inside(f, from)).sort((a, b) => b.w - a.w)[0];
  if (key === "ArrowDown") return shown.find((f) => f.d === from.d - 1 && inside(from, f));
  const row = shown.filter((f) => f.d === from.d).sort((a, b) => a.x - b.x);
  return row[row.indexOf(from) + (key === "ArrowRight" ? 1 : -1)];
}

for (const one of frames) {
  one.at.addEventListener("click", () => zoom(one));
  one.at.addEventListener("mouseenter", () => say(one));
  one.at.addEventListener("mouseleave", () => say(null));
  one.at.addEventListener("focus", () => say(one));
}

const box = document.createElementNS(svg.namespaceURI, "foreignObject");
for (const [name, value] of [["x", "62%"], ["y", "8"], ["width", "37%"], ["height", "30"]]) box.setAttribute(name, value);
const field = document.createElementNS("http://www.w3.org/1999/xhtml", "input");
field.className = "find";
field.type = "search";
field.placeholder = "search (a regular expression)";
field.setAttribute("aria-label", "search functions");
field.addEventListener("input", () => search(field.value));
box.append(field);
svg.append(box);

svg.addEventListener("keydown", (event) => {
  if (event.target === field) {
    if (event.key === "Escape") { field.value = ""; search(""); frames[0].at.focus(); }
    return;
  }
  const from = frames.find((f) => f.at === document.activeElement) ?? zoomed;
  if (event.key === "Enter") zoom(from);
  else if (event.key === "Escape") zoom(frames[0]);
  else if (event.key.startsWith("Arrow")) {
    const to = neighbour(from, event.key);
    if (!to) return;
    from.at.setAttribute("tabindex", "-1");
    to.at.setAttribute("tabindex", "0");
    to.at.focus();
  } else return;
  event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && event.target !== field) { field.focus(); event.preventDefault(); }
});
say(null);

"use strict";
// Steps through what ring3 explain has told. The state after each step (registers, memory) is worked out once, at the
// start, so that a step back is as cheap as one forth. Numbers are strings in hexadecimal: they have 64 bits.

const told = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);

/** An element with attributes and children; text is never taken for HTML. */
function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

// -- the model ---------------------------------------------------------------------------------------------------------

/** The state after each step: registers by name, memory by address. */
function statesOf(call) {
  let registers = { ...call.registers };
  let memory = new Map();
  return call.steps.map((step) => {
    registers = { ...registers, ...step.registers };
    const written = step.memory.filter((touch) => touch.write);
    if (written.length) {
      memory = new Map(memory);
      for (const touch of written) memory.set(touch.address, touch);
    }
    return { registers, memory };
  });
}

/** The words of the kernel stack that a call uses, from the highest address down. */
function stackOf(call) {
  if (!call.frame) return [];
  const base = BigInt(call.frame.address);
  const words = new Map();
  for (const [offset, name] of Object.entries(call.frame.fields)) {
    words.set("0x" + (base + BigInt(offset)).toString(16), name);
  }
  for (const touch of call.steps.flatMap((step) => step.memory)) {
    const distance = BigInt(touch.address) - base;
    if (touch.write && touch.size === 8 && distance > -2048n && distance < 512n && !words.has(touch.address)) {
      words.set(touch.address, null);
    }
  }
  return [...words].map(([address, field]) => ({ address, field }))
    .sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? 1 : -1));
}

const calls = told.calls.map((call) => ({
  ...call,
  states: statesOf(call),
  stack: stackOf(call),
  lanes: call.steps.map((step) => told.lanes.indexOf(step.lane)),
  first: call.stations.map((_, number) => call.steps.findIndex((step) => step.station === number)),
  words: call.steps.map((step) => [
    step.title, ...step.effects, step.code?.where ?? "", call.stations[step.station].heading,
    ...step.tables.flatMap((table) => table.rows.flatMap((row) => [row.name, row.value, row.remark])),
  ].join(" ").toLowerCase()),
  at: 0,
}));
let current = 0;
let hits = [];
let timer = null;

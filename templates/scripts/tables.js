// Tables of a report sort by the column whose heading is pressed: upwards, downwards, and back to
// the order of the document. Numbers sort by value within their unit; what is missing comes last.
"use strict";

const MISSING = new Set(["", "-", "\u2013", "\u2014", "\u2212"]);
const NUMBER = /^([+\-\u2212]?)(\d[\d\u202f]*(?:\.\d+)?(?:e[+-]?\d+)?)(?![\d:A-Za-z]|-\d)([^\d([,;]*)/i;
const NEXT = { none: "ascending", ascending: "descending", descending: "none" };
const words = new Intl.Collator(document.documentElement.lang || "en", { numeric: true });

// What a cell says first: without its interval, its address in the evidence, and its second lines.
function said(cell) {
  const copy = cell.cloneNode(true);
  for (const one of copy.querySelectorAll(".address, .interval, .second, svg")) one.remove();
  return copy.textContent.replace(/[\u2066-\u2069]/g, "").trim();
}

function parsed(text) {
  const found = NUMBER.exec(text);
  if (found === null) return { text, value: null, unit: "" };
  const value = Number((found[1] && found[1] !== "+" ? "-" : "") + found[2].replace(/\u202f/g, ""));
  return { text, value, unit: found[3].replace(/\u00a0/g, " ").trim() };
}

function keysOf(rows, column) {
  const keys = rows.map((row) => parsed(said(row.cells[column])));
  const present = keys.filter((key) => !MISSING.has(key.text));
  const numbers = present.filter((key) => key.value !== null);
  const ofNumbers = numbers.length > 0 && numbers.length * 2 >= present.length;
  for (const key of keys) {
    key.missing = MISSING.has(key.text) || (ofNumbers && key.value === null);
    if (!ofNumbers) key.value = null;
  }
  return keys;
}

function compared(one, other) {
  if (one.value === null) return words.compare(one.text, other.text);
  return words.compare(one.unit, other.unit) || one.value - other.value;
}

function sorted(rows, column, order) {
  if (order === "none") return rows;
  const sign = order === "ascending" ? 1 : -1;
  const keys = keysOf(rows, column);
  const places = rows.map((_, place) => place);
  places.sort((a, b) => {
    if (keys[a].missing || keys[b].missing) return keys[a].missing - keys[b].missing || a - b;
    return sign * compared(keys[a], keys[b]) || a - b;
  });
  return places.map((place) => rows[place]);
}

function makeSortable(table) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const headings = [...table.tHead.rows[0].cells];
  if (rows.length < 2 || rows.some((row) => row.cells.length !== headings.length)) return;
  if (body.querySelector(".goes-on") !== null) return; // a row in parts would be sorted apart
  headings.forEach((heading, column) => {
    if (rows.every((row) => MISSING.has(said(row.cells[column])))) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    heading.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const order = NEXT[heading.getAttribute("aria-sort")];
      for (const other of headings) {
        if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
      }
      heading.setAttribute("aria-sort", order);
      body.append(...sorted(rows, column, order));
    });
  });
}

for (const table of document.querySelectorAll("table.data")) {
  if (table.tHead !== null && table.tBodies.length === 1) makeSortable(table);
}

// What is unfolded stays unfolded when a part of the page is renewed, and a program that no longer answers is said.
"use strict";

let unfolded = [];

document.addEventListener("htmx:beforeSwap", () => {
  unfolded = [...document.querySelectorAll("details[open]")].map((each) => each.id);
});

document.addEventListener("htmx:afterSettle", () => {
  for (const id of unfolded) {
    const details = document.getElementById(id);
    if (details) details.open = true;
  }
});

for (const [event, isLost] of [["htmx:sendError", true], ["htmx:afterRequest", false]]) {
  document.addEventListener(event, (told) => {
    if (isLost || told.detail.successful) document.getElementById("lost").hidden = !isLost;
  });
}

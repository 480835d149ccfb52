// The page of `windfall browse`: everything can be read, heard and seen without it.
"use strict";

// A line beside a picture and its box light up together.
for (const line of document.querySelectorAll("[data-box]")) {
  const box = document.querySelector(`[data-said="${CSS.escape(line.dataset.box)}"]`);
  const light = (on) => () => box?.classList.toggle("chosen", on);
  for (const [event, on] of [["mouseenter", true], ["mouseleave", false], ["focus", true], ["blur", false]]) {
    line.addEventListener(event, light(on));
  }
}

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

// The player: what is said follows it, a click on a time leads there, boxes stay on what they are of.
const section = document.querySelector("[data-player]");
const player = section?.querySelector("video, audio");
if (player) {
  const cues = [...section.querySelectorAll(".cues li")];
  const boxes = [...section.querySelectorAll(".sightings rect")].map((rect) => ({
    rect, from: +rect.dataset.from, to: +rect.dataset.to,
    path: rect.dataset.path.split(";").map((place) => place.split(" ").map(Number)),
  }));
  const head = section.querySelector(".head");
  const lane = section.querySelector(".lane");
  let dub = null;

  const follow = () => {
    const now = player.currentTime * 1000;
    for (const cue of cues) {
      const is = cue.dataset.from <= now && now < cue.dataset.to;
      if (is && !cue.classList.contains("now")) bringIntoView(cue);
      cue.classList.toggle("now", is);
    }
    for (const { rect, from, to, path } of boxes) {
      const seen = from <= now && now < to;
      rect.setAttribute("visibility", seen ? "visible" : "hidden");
      if (!seen) continue;
      const place = path.reduce((best, one) => Math.abs(one[0] - now) < Math.abs(best[0] - now) ? one : best);
      ["x", "y", "width", "height"].forEach((name, index) => rect.setAttribute(name, place[index + 1]));
    }
    if (head && lane) {
      const line = lane.getBoundingClientRect();
      const left = line.left - head.parentElement.getBoundingClientRect().left;
      head.hidden = false;
      head.style.left = `${left + line.width * Math.min(1, now / section.dataset.duration)}px`;
    }
  };
  const bringIntoView = (cue) => {
    const list = cue.parentElement;
    // Who reads elsewhere in the list is left there.
    if (!list.matches(":hover, :focus-within")) list.scrollTop = cue.offsetTop - list.clientHeight / 3;
  };
  const frame = () => { follow(); if (!player.paused) requestAnimationFrame(frame); };
  player.addEventListener("play", frame);
  for (const event of ["timeupdate", "seeked", "loadedmetadata"]) player.addEventListener(event, follow);
  window.addEventListener("resize", follow);

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-start]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    player.currentTime = link.dataset.start / 1000;
    player.play().catch(() => {});
    player.scrollIntoView({ block: "nearest" });
  });

  // A dub is as long as the recording: it plays beside it, and the recording is silent.
  const inTime = () => {
    if (dub && Math.abs(dub.currentTime - player.currentTime) > 0.2) dub.currentTime = player.currentTime;
  };
  const sound = section.querySelector(".sound");
  if (sound) sound.hidden = false;
  sound?.addEventListener("change", (event) => {
    dub?.pause();
    dub = event.target.value ? new Audio(event.target.value) : null;
    player.muted = dub !== null;
    if (!dub) return;
    dub.volume = player.volume;
    dub.addEventListener("loadedmetadata", inTime);
    if (!player.paused) dub.play().catch(() => {});
  });
  player.addEventListener("play", () => { inTime(); dub?.play().catch(() => {}); });
  player.addEventListener("pause", () => dub?.pause());
  player.addEventListener("seeked", inTime);
  player.addEventListener("timeupdate", inTime);
  player.addEventListener("ratechange", () => { if (dub) dub.playbackRate = player.playbackRate; });
  player.addEventListener("volumechange", () => {
    if (dub) { dub.volume = player.volume; player.muted = true; }
  });
  follow();
}

// Commands to copy.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
}

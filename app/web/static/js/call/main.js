/** The call page: joins the player, the lanes, the transcript and the review form. */

import { xToTime } from "./geometry.js";
import { listenToKeys } from "./keys.js";
import { Lanes } from "./lanes.js";
import { Marks } from "./marks.js";
import { Mixer } from "./mixer.js";
import { Overview } from "./overview.js";
import { onThemeChange } from "./palette.js";
import { PeakStore } from "./peaks.js";
import { Playback } from "./playback.js";
import { ReviewForm } from "./review-form.js";
import { mergeSpans, nextMoment, previousMoment } from "./spans.js";
import { SearchBox } from "./search-box.js";
import { Transcript } from "./transcript.js";
import { Transport } from "./transport.js";
import { Viewport } from "./viewport.js";

const root = document.querySelector("[data-call]");
const formElement = document.querySelector("[data-review-form]");
const form = formElement ? new ReviewForm(formElement, `earshot.review.${root.dataset.call}`) : null;
const player = document.querySelector("[data-player]");
if (player) start(player);

async function start(player) {
  const say = (text) => { player.querySelector("[data-say]").textContent = text; };
  let screen;
  try {
    const response = await fetch(player.dataset.screen, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(String(response.status));
    screen = await response.json();
  } catch {
    player.classList.add("is-broken");
    say("The player could not be loaded. Reload the page.");
    return;
  }
  const find = (name) => player.querySelector(`[data-${name}]`);
  const speech = mergeSpans(screen.speech.flat());
  const playback = new Playback(find("audio"), screen.duration_s, speech, form?.heard ?? []);
  const viewport = new Viewport(screen.duration_s);
  const mixer = new Mixer(playback.audio, screen.lanes.length);
  const peaks = new PeakStore(player.dataset.peaks, screen.peaks, screen.lanes.length, () => draw());
  const lanes = new Lanes(find("lanes"), screen, peaks, viewport);
  const seek = (time) => playback.seek(time);
  const overview = new Overview(find("overview"), screen, peaks, viewport, seek);
  const openMark = (mark, marks) => {
    seek(mark.start_s);
    if (marks.length > 1) viewport.reveal(marks[0].start_s, marks[marks.length - 1].end_s);
    if (mark.finding) document.getElementById(`finding-${mark.finding}`)?.scrollIntoView({ block: "nearest" });
  };
  const marks = new Marks(find("marks"), screen.marks, viewport, player.dataset.icons, openMark);
  const list = document.querySelector("[data-transcript]");
  const transcript = list ? new Transcript(list, list.closest("[data-pane]"), screen, seek) : null;
  const search = transcript ? new SearchBox(document.querySelector("[data-search]"), transcript, seek) : null;
  const moments = [...new Set(screen.marks.filter((mark) => mark.kind !== "tone").map((mark) => mark.start_s))];
  const { actions, keys } = makeActions({ playback, viewport, mixer, moments, search, player, say });
  const transport = new Transport(player, playback, viewport, mixer, actions);

  let waiting = false;
  function draw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      lanes.time = overview.time = playback.time;
      lanes.silenced = mixer.silenced;
      lanes.draw();
      overview.draw();
    });
  }
  function drawAll() {
    marks.draw();
    draw();
    transport.show();
  }

  playback.addEventListener("time", () => {
    if (playback.isPlaying) viewport.follow(playback.time);
    transcript?.show(playback.time, viewport.follows);
    transport.showTime();
    draw();
  });
  playback.addEventListener("state", () => {
    transport.show();
    form?.setHeard(playback.heard, playback.heardSeconds);
  });
  playback.addEventListener("broken", () => say("The sound could not be played. Reload the page, or ask for the analysis again."));
  viewport.addEventListener("change", drawAll);
  mixer.addEventListener("change", drawAll);
  formElement?.addEventListener("submit", () => form.setHeard(playback.heard, playback.heardSeconds));
  window.addEventListener("pagehide", () => form?.setHeard(playback.heard, playback.heardSeconds));
  new ResizeObserver(drawAll).observe(find("lanes"));
  onThemeChange(draw);
  pointAtLanes(find("lanes"), lanes, viewport, playback, draw);
  listenToKeys(keys);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-seek]");
    if (!link) return;
    event.preventDefault();
    seek(Number(link.dataset.seek));
    viewport.follow(playback.time);
    if (link.hasAttribute("data-play")) playback.play();
  });
  // A link from elsewhere may name the moment (W3C Media Fragments): /calls/<id>#t=12.5
  const named = /^#t=(\d+(?:\.\d+)?)/.exec(location.hash);
  if (named) {
    seek(Math.min(Number(named[1]), screen.duration_s));
    viewport.follow(playback.time);
  }
  drawAll();
  transport.showTime();
  player.classList.add("is-ready");
}

function makeActions({ playback, viewport, mixer, moments, search, player, say }) {
  const dialog = player.querySelector("[data-keys]");
  const goTo = (moment, none) => {
    if (moment === null) say(none);
    else {
      playback.seek(moment);
      viewport.follow(moment);
    }
  };
  const actions = {
    play: () => playback.toggle(),
    back: () => playback.move(-5),
    forward: () => playback.move(5),
    "previous-mark": () => goTo(previousMoment(moments, playback.time), "No mark before this"),
    "next-mark": () => goTo(nextMoment(moments, playback.time), "No mark after this"),
    faster: () => { playback.changeSpeed(1); say(`Speed ${playback.audio.playbackRate}`); },
    slower: () => { playback.changeSpeed(-1); say(`Speed ${playback.audio.playbackRate}`); },
    "skip-silence": () => playback.setSkipsSilence(!playback.skipsSilence),
    "zoom-in": () => viewport.zoom(1, playback.time),
    "zoom-out": () => viewport.zoom(-1, playback.time),
    fit: () => viewport.fit(),
    follow: () => viewport.setFollows(!viewport.follows),
    keys: () => dialog.showModal(),
    "close-keys": () => dialog.close(),
  };
  const keys = {
    " ": actions.play,
    k: actions.play,
    j: actions.back,
    l: actions.forward,
    ArrowLeft: actions.back,
    ArrowRight: actions.forward,
    "[": actions["previous-mark"],
    "]": actions["next-mark"],
    s: (event) => (event.shiftKey ? actions.slower() : actions.faster()),
    x: actions["skip-silence"],
    "+": actions["zoom-in"],
    "=": actions["zoom-in"],
    "-": actions["zoom-out"],
    0: actions.fit,
    f: actions.follow,
    1: () => mixer.toggleSolo(0),
    2: () => mixer.toggleSolo(1),
    "/": () => search?.focus(),
    n: () => document.querySelector("[data-review-form] textarea")?.focus(),
    "?": actions.keys,
  };
  return { actions, keys };
}

function pointAtLanes(canvas, lanes, viewport, playback, draw) {
  const timeOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return Math.min(Math.max(0, xToTime(event.clientX - box.left, viewport.view, box.width)), viewport.duration);
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    playback.seek(timeOf(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    lanes.hover = timeOf(event);
    if (canvas.hasPointerCapture(event.pointerId)) playback.seek(lanes.hover);
    draw();
  });
  canvas.addEventListener("pointerleave", () => { lanes.hover = null; draw(); });
  canvas.addEventListener("wheel", (event) => {
    if (event.ctrlKey) viewport.zoom(-event.deltaY, timeOf(event));
    else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
      const span = viewport.view.end - viewport.view.start;
      viewport.pan(((event.deltaX || event.deltaY) / canvas.clientWidth) * span);
    } else return;
    event.preventDefault();
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
    if (event.key in steps) playback.move(steps[event.key]);
    else if (event.key === "Home") playback.seek(0);
    else if (event.key === "End") playback.seek(viewport.duration);
    else return;
    event.preventDefault();
    viewport.follow(playback.time);
  });
}


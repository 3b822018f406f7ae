/** What is being played? The audio element with seeking, speed, skipped silence and the stretches that were heard. */

import { mergeSpans, skipTarget, totalSeconds } from "./spans.js";
import { SPEEDS, stepSpeed } from "./speed.js";

export class Playback extends EventTarget {
  #last = null;

  constructor(audio, duration, speech, heard = []) {
    super();
    this.audio = audio;
    this.duration = duration;
    this.speech = speech;
    this.skipsSilence = false;
    this.heard = heard;
    audio.preservesPitch = true;
    for (const name of ["play", "pause", "ratechange", "volumechange", "waiting", "playing"]) {
      audio.addEventListener(name, () => this.#tell("state"));
    }
    audio.addEventListener("seeking", () => { this.#last = null; this.#tell("time"); });
    audio.addEventListener("timeupdate", () => this.#tick());
    audio.addEventListener("error", () => this.#tell("broken"));
    audio.addEventListener("play", () => requestAnimationFrame(this.#frame));
  }

  get time() {
    return Math.min(this.audio.currentTime, this.duration);
  }

  get isPlaying() {
    return !this.audio.paused && !this.audio.ended;
  }

  get heardSeconds() {
    return totalSeconds(this.heard);
  }

  toggle() {
    if (this.isPlaying) this.audio.pause();
    else this.play();
  }

  play() {
    this.audio.play().catch((error) => {
      if (error.name !== "AbortError") this.#tell("broken");
    });
  }

  seek(time) {
    this.audio.currentTime = Math.min(Math.max(0, time), Math.max(0, this.duration - 0.01));
    this.#tell("time");
  }

  move(seconds) {
    this.seek(this.time + seconds);
  }

  changeSpeed(direction) {
    this.setSpeed(stepSpeed(this.audio.playbackRate, direction));
  }

  setSpeed(speed) {
    if (SPEEDS.includes(speed)) this.audio.playbackRate = speed;
  }

  setSkipsSilence(skips) {
    this.skipsSilence = skips;
    this.#tell("state");
  }

  #frame = () => {
    this.#tick();
    if (this.isPlaying) requestAnimationFrame(this.#frame);
  };

  #tick() {
    const now = this.audio.currentTime;
    if (this.isPlaying && this.#last !== null) {
      const moved = now - this.#last;
      // A jump is a seek that has not told yet; only what ran past counts as heard.
      if (moved > 0 && moved < 2 * this.audio.playbackRate) this.heard = mergeSpans([...this.heard, [this.#last, now]]);
    }
    this.#last = this.isPlaying ? now : null;
    if (this.isPlaying && this.skipsSilence) {
      const target = skipTarget(now, this.speech);
      if (target !== null) this.seek(target);
    }
    this.#tell("time");
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}

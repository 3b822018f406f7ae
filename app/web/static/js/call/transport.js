/** What do the buttons of the player say and do? Keeps them, the clock and the slider's value in step with the sound. */

import { formatTime } from "./geometry.js";

export class Transport {
  constructor(player, playback, viewport, mixer, actions) {
    this.player = player;
    this.playback = playback;
    this.viewport = viewport;
    this.mixer = mixer;
    this.now = player.querySelector("[data-now]");
    this.heard = document.querySelector("[data-heard]");
    this.slider = player.querySelector("[data-lanes]");
    this.speed = player.querySelector("[data-speed]");
    this.volume = player.querySelector("[data-volume]");
    for (const button of player.querySelectorAll("[data-command]")) {
      button.addEventListener("click", (event) => actions[button.dataset.command](event));
    }
    for (const button of player.querySelectorAll("[data-solo]")) {
      button.hidden = !mixer.canSplit;
      button.addEventListener("click", () => mixer.toggleSolo(Number(button.dataset.solo)));
    }
    for (const button of player.querySelectorAll("[data-mute]")) {
      button.hidden = !mixer.canSplit;
      button.addEventListener("click", () => mixer.toggleMute(Number(button.dataset.mute)));
    }
    this.speed.addEventListener("change", () => playback.setSpeed(Number(this.speed.value)));
    this.volume.addEventListener("input", () => { playback.audio.volume = Number(this.volume.value); });
  }

  show() {
    const { playback, viewport, mixer } = this;
    const play = this.player.querySelector('[data-command="play"]');
    play.classList.toggle("is-playing", playback.isPlaying);
    play.setAttribute("aria-label", playback.isPlaying ? "Pause" : "Play");
    this.#press("skip-silence", playback.skipsSilence);
    this.#press("follow", viewport.follows);
    this.player.querySelector('[data-command="zoom-out"]').disabled = viewport.isWhole;
    this.player.querySelector('[data-command="fit"]').disabled = viewport.isWhole;
    this.speed.value = String(playback.audio.playbackRate);
    this.volume.value = String(playback.audio.volume);
    for (const button of this.player.querySelectorAll("[data-solo]")) {
      button.setAttribute("aria-pressed", String(mixer.solo === Number(button.dataset.solo)));
    }
    for (const button of this.player.querySelectorAll("[data-mute]")) {
      button.setAttribute("aria-pressed", String(mixer.muted.has(Number(button.dataset.mute)) && mixer.solo === null));
    }
    this.#showHeard();
  }

  showTime() {
    const time = this.playback.time;
    this.now.textContent = formatTime(time, { tenths: true });
    this.slider.setAttribute("aria-valuenow", time.toFixed(1));
    this.slider.setAttribute("aria-valuetext", `${formatTime(time)} of ${formatTime(this.playback.duration)}`);
    this.#showHeard();
  }

  #showHeard() {
    if (this.heard) this.heard.textContent = formatTime(this.playback.heardSeconds);
  }

  #press(command, pressed) {
    this.player.querySelector(`[data-command="${command}"]`).setAttribute("aria-pressed", String(pressed));
  }
}

/** Which word is being said? Cuts the conversation into words as it comes into sight, keeps it in step with the sound, searches it. */

import { lastStartedAt } from "./spans.js";

const NEAR = "600px";
const HANDS_OFF_MS = 4000;
const LINGER_S = 0.6;

export class Transcript {
  #turns;
  #words = [];
  #starts = [];
  #ready = new Set();
  #current = null;
  #currentTurn = null;
  #touchedAt = 0;
  #found = [];
  #at = -1;

  constructor(list, pane, screen, onSeek) {
    this.pane = pane;
    this.screen = screen;
    this.#turns = [...list.querySelectorAll("[data-turn]")];
    screen.utterances.forEach((utterance, turn) => {
      utterance.words.forEach((word, place) => this.#words.push({ start: word[0], end: word[1], turn, place }));
    });
    this.#words.sort((a, b) => a.start - b.start);
    this.#starts = this.#words.map((word) => word.start);
    list.addEventListener("click", (event) => {
      const word = event.target.closest("[data-word]");
      if (word && !String(getSelection())) onSeek(Number(word.dataset.word));
    });
    for (const name of ["wheel", "pointerdown", "touchmove"]) {
      pane.addEventListener(name, () => { this.#touchedAt = Date.now(); }, { passive: true });
    }
    const near = new IntersectionObserver((entries) => {
      for (const entry of entries) if (entry.isIntersecting) this.#cut(Number(entry.target.dataset.turn));
    }, { rootMargin: NEAR });
    for (const turn of this.#turns) near.observe(turn);
  }

  /** Mark the word at a moment; with `follows` the pane scrolls along, unless a hand is on it. */
  show(time, follows) {
    const index = lastStartedAt(this.#starts, time + 0.02);
    const word = this.#words[index];
    const spoken = word && time <= word.end + LINGER_S ? this.#element(word) : null;
    if (spoken !== this.#current) {
      this.#current?.classList.remove("is-said");
      spoken?.classList.add("is-said");
      this.#current = spoken;
    }
    const turn = word ? this.#turns[word.turn] : null;
    if (turn === this.#currentTurn) return;
    this.#currentTurn?.classList.remove("is-current");
    turn?.classList.add("is-current");
    this.#currentTurn = turn;
    if (turn && follows && Date.now() - this.#touchedAt > HANDS_OFF_MS) this.#bring(turn);
  }

  /** Search the conversation; return how many places were found. The words found are marked. */
  search(text) {
    for (const { elements } of this.#found) for (const each of elements) each.classList.remove("is-found", "is-found-now");
    this.#found = [];
    this.#at = -1;
    const wanted = plain(text);
    if (!wanted) return 0;
    this.screen.utterances.forEach((utterance, turn) => {
      const starts = [];
      let whole = "";
      for (const word of utterance.words) {
        const part = plain(word[2]);
        starts.push(whole.length);
        whole += part ? `${part} ` : "";
      }
      for (let from = whole.indexOf(wanted); from >= 0; from = whole.indexOf(wanted, from + 1)) {
        const first = lastStartedAt(starts, from);
        const last = lastStartedAt(starts, from + wanted.length - 1);
        const elements = [];
        for (let place = first; place <= last; place += 1) elements.push(this.#element({ turn, place }));
        this.#found.push({ turn, start: utterance.words[first][0], elements: elements.filter(Boolean) });
      }
    });
    for (const { elements } of this.#found) for (const each of elements) each.classList.add("is-found");
    return this.#found.length;
  }

  /** Go to the next (1) or previous (-1) place found; return {index, count, start} or null. */
  step(direction) {
    if (!this.#found.length) return null;
    for (const each of this.#found[this.#at]?.elements ?? []) each.classList.remove("is-found-now");
    this.#at = (this.#at + direction + this.#found.length) % this.#found.length;
    const place = this.#found[this.#at];
    for (const each of place.elements) each.classList.add("is-found-now");
    this.#bring(this.#turns[place.turn]);
    return { index: this.#at, count: this.#found.length, start: place.start };
  }

  #bring(turn) {
    const pane = this.pane.getBoundingClientRect();
    const box = turn.getBoundingClientRect();
    if (box.top >= pane.top + 8 && box.bottom <= pane.bottom - 8) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.pane.scrollBy({ top: box.top - pane.top - pane.height / 3, behavior: calm ? "auto" : "smooth" });
  }

  #element({ turn, place }) {
    this.#cut(turn);
    return this.#turns[turn]?.querySelector(`[data-place="${place}"]`) ?? null;
  }

  #cut(turn) {
    const words = this.screen.utterances[turn]?.words;
    if (this.#ready.has(turn) || !words?.length || !this.#turns[turn]) return;
    this.#ready.add(turn);
    const text = this.#turns[turn].querySelector("[data-text]");
    const pieces = [];
    words.forEach(([start, , written, flags, hit], place) => {
      const word = document.createElement("span");
      word.className = "word";
      word.dataset.word = String(start);
      word.dataset.place = String(place);
      word.textContent = written;
      if (flags & 1) {
        word.classList.add("is-doubtful");
        word.title = "The recogniser was not sure of this word";
      }
      const found = this.screen.hits[hit];
      if (found) {
        word.classList.add("is-hit", `hit-${found.kind}`);
        word.title = found.label;
      }
      // The blank inside a marked phrase is marked with it.
      const goesOn = found && words[place + 1]?.[4] === hit;
      if (goesOn) word.append(" ");
      pieces.push(word, goesOn ? "" : " ");
    });
    text.replaceChildren(...pieces);
  }
}

function plain(text) {
  return text.toLowerCase().replace(/[^\p{L}\p{N}' ]+/gu, "").replace(/\s+/g, " ").trim();
}

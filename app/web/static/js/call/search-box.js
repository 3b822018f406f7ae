/** Where in the call was it said? The search field over the conversation. */

export class SearchBox {
  constructor(box, transcript, onSeek) {
    this.field = box.querySelector("input");
    this.told = box.querySelector("[data-found]");
    this.transcript = transcript;
    this.onSeek = onSeek;
    box.hidden = false;
    this.field.addEventListener("input", () => this.#search());
    this.field.addEventListener("search", () => this.#search());
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        this.#step(event.shiftKey ? -1 : 1);
      }
    });
    for (const button of box.querySelectorAll("[data-step]")) {
      button.addEventListener("click", () => this.#step(Number(button.dataset.step)));
    }
  }

  focus() {
    this.field.focus();
    this.field.select();
  }

  #search() {
    if (this.field.value === this.last) return;
    this.last = this.field.value;
    const count = this.transcript.search(this.field.value);
    if (!this.field.value.trim()) this.told.textContent = "";
    else if (!count) this.told.textContent = "not said";
    else this.#tell(this.transcript.step(1));
  }

  #step(direction) {
    const place = this.transcript.step(direction);
    if (!place) return;
    this.#tell(place);
    this.onSeek(place.start);
  }

  #tell({ index, count }) {
    this.told.textContent = `${index + 1} of ${count}`;
  }
}

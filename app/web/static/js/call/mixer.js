/** Which party is heard? Splits the sound into its channels on first use; a single channel is left as it is. */

export class Mixer extends EventTarget {
  #gains = null;
  #context = null;

  constructor(audio, lanes) {
    super();
    this.audio = audio;
    this.lanes = lanes;
    this.muted = new Set();
    this.solo = null;
  }

  get canSplit() {
    return this.lanes > 1 && typeof AudioContext === "function";
  }

  /** Return the lanes that are not heard now. */
  get silenced() {
    const all = Array.from({ length: this.lanes }, (_, lane) => lane);
    return new Set(all.filter((lane) => (this.solo === null ? this.muted.has(lane) : lane !== this.solo)));
  }

  toggleSolo(lane) {
    if (!this.canSplit || lane >= this.lanes) return;
    this.solo = this.solo === lane ? null : lane;
    this.#apply();
  }

  toggleMute(lane) {
    if (!this.canSplit || lane >= this.lanes) return;
    if (!this.muted.delete(lane)) this.muted.add(lane);
    this.solo = null;
    this.#apply();
  }

  #apply() {
    this.#connect();
    const silenced = this.silenced;
    this.#gains.forEach((gain, lane) => {
      gain.gain.setTargetAtTime(silenced.has(lane) ? 0 : 1, this.#context.currentTime, 0.01);
    });
    this.dispatchEvent(new Event("change"));
  }

  #connect() {
    if (this.#gains) {
      this.#context.resume();
      return;
    }
    this.#context = new AudioContext();
    const source = this.#context.createMediaElementSource(this.audio);
    const splitter = this.#context.createChannelSplitter(this.lanes);
    source.connect(splitter);
    // Each party goes to both ears: a single voice in one ear tires within minutes.
    this.#gains = Array.from({ length: this.lanes }, (_, lane) => {
      const gain = this.#context.createGain();
      splitter.connect(gain, lane);
      gain.connect(this.#context.destination);
      return gain;
    });
    this.#context.resume();
  }
}

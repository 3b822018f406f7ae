/** What does the sound look like between two moments? Fetches the outline tile by tile and remembers it. */

import { bucketsOfColumn, chooseLevel, tilesFor } from "./geometry.js";

const TILE_BUCKETS = 4096;
const HEADER_BYTES = 16;

export class PeakStore {
  #url;
  #levels;
  #lanes;
  #onLoaded;
  #tiles = new Map();
  #loudest = [];

  /** `levels` is a list of {level, bucket_s, count}, finest first; `onLoaded` is called when a tile has come in. */
  constructor(url, levels, lanes, onLoaded) {
    this.#url = url;
    this.#levels = levels;
    this.#lanes = lanes;
    this.#onLoaded = onLoaded;
    this.#loudest = new Array(lanes).fill(1);
  }

  /** Ask for what a view needs; coarser tiles that are here already are drawn meanwhile. */
  want(view, columns) {
    if (!this.#levels.length) return;
    const level = chooseLevel(this.#levels, view, columns);
    for (const tile of tilesFor(this.#levels[level], view, TILE_BUCKETS)) this.#fetch(level, tile);
  }

  /** Return [lowest, highest] from -1 to 1 for each of `columns` columns of a lane; null where nothing has come in yet. */
  columns(lane, view, columns) {
    const answer = new Array(columns).fill(null);
    if (!this.#levels.length) return answer;
    const best = chooseLevel(this.#levels, view, columns);
    for (let column = 0; column < columns; column += 1) {
      for (let level = best; level < this.#levels.length && !answer[column]; level += 1) {
        answer[column] = this.#extremes(lane, level, bucketsOfColumn(column, columns, view, this.#levels[level]));
      }
    }
    return answer;
  }

  /** Return the loudest value of a lane so far, so that quiet parties fill their lane too. */
  loudest(lane) {
    return this.#loudest[lane] / 128;
  }

  #extremes(lane, level, [from, to]) {
    if (to <= from) return null;
    let low = 127;
    let high = -128;
    for (let bucket = from; bucket < to; bucket += 1) {
      const tile = this.#tiles.get(`${level}:${Math.floor(bucket / TILE_BUCKETS)}`);
      if (!(tile instanceof Int8Array)) return null;
      const perLane = tile.length / 2 / this.#lanes;
      const at = (lane * perLane + (bucket % TILE_BUCKETS)) * 2;
      if (bucket % TILE_BUCKETS >= perLane) continue;
      low = Math.min(low, tile[at]);
      high = Math.max(high, tile[at + 1]);
    }
    return high < low ? null : [low / 128, high / 128];
  }

  async #fetch(level, tile) {
    const key = `${level}:${tile}`;
    if (this.#tiles.has(key)) return;
    this.#tiles.set(key, "asked for");
    try {
      const response = await fetch(`${this.#url}?level=${level}&from=${tile * TILE_BUCKETS}&count=${TILE_BUCKETS}`);
      if (!response.ok) throw new Error(`the outline answered ${response.status}`);
      const values = new Int8Array(await response.arrayBuffer(), HEADER_BYTES);
      this.#tiles.set(key, values);
      this.#measure(values);
      this.#onLoaded();
    } catch {
      // Asked for again with the next drawing; the player works without an outline.
      setTimeout(() => this.#tiles.delete(key), 3000);
    }
  }

  #measure(values) {
    const perLane = values.length / this.#lanes;
    for (let lane = 0; lane < this.#lanes; lane += 1) {
      for (let at = lane * perLane; at < (lane + 1) * perLane; at += 1) {
        this.#loudest[lane] = Math.max(this.#loudest[lane], Math.abs(values[at]));
      }
    }
  }
}

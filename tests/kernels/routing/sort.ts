/** Slots sorted by expert on the host: what the routing kernels and grouped products agree on. */
import { UNWRITTEN } from "../stage.ts";

const NONE = 0xffffffff;

/**
 * Sorts the slots (token · active + pick) of every replica by expert, tokens ascending, each
 * expert's share padded to whole tiles.
 *
 * @param ids [replica][token] the experts of a token; others than 0 … N-1 are empty slots @param rows rows with room for tokens
 * @param tileRows rows an expert's share is padded to @param perToken experts of a token, if not slots
 */
export function sortByExpert(
  ids: number[][][],
  experts: number,
  rows: number,
  tileRows: number,
  perToken = ids[0][0].length,
) {
  const tokens = ids[0].length, active = ids[0][0].length;
  const tiles = Math.ceil(tokens * perToken / tileRows) + experts;
  const off: number[] = [], tileExpert: number[] = [], counts: number[] = [];
  const perms: number[][] = [], place: number[] = [];
  /** [row, token, expert, pick] of every real row of a replica */
  const real: [number, number, number, number][][] = [];
  for (const replica of ids) {
    const perm: number[] = [], mine: typeof real[0] = [], tile: number[] = [];
    const places = new Array<number>(rows * active).fill(UNWRITTEN);
    for (let e = 0; e < experts; e++) {
      off.push(perm.length);
      let count = 0;
      replica.forEach((row, t) => {
        const j = row.indexOf(e);
        if (j < 0) return;
        places[t * active + j] = perm.length;
        mine.push([perm.length, t, e, j]);
        perm.push(t * active + j);
        count++;
      });
      while (perm.length % tileRows) perm.push(NONE);
      while (tile.length < perm.length / tileRows) tile.push(e);
      counts.push(count);
    }
    off.push(perm.length);
    while (tile.length < tiles) tile.push(NONE);
    // rows of unused tiles: nobody may write or read them
    while (perm.length < tiles * tileRows) perm.push(UNWRITTEN);
    tileExpert.push(...tile);
    perms.push(perm);
    place.push(...places);
    real.push(mine);
  }
  const none = NONE;
  return {
    tiles,
    rows: tiles * tileRows,
    off,
    tileExpert,
    counts,
    perms,
    perm: perms.flat(),
    place,
    real,
    none,
  };
}

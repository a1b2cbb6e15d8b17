/** The batch generator on the host: pcg3d (Jarzynski & Olano 2020) in exact integers. */

const M = 0xffffffffn;

/** pcg3d of three counters, on BigInt modulo 2^32. */
export function pcg3d(seed: number, step: number, row: number): [number, number, number] {
  let [x, y, z] = [seed, step, row].map((n) => (BigInt(n) * 1664525n + 1013904223n) & M);
  const mix = () => {
    x = (x + y * z) & M;
    y = (y + z * x) & M;
    z = (z + x * y) & M;
  };
  mix();
  x ^= x >> 16n;
  y ^= y >> 16n;
  z ^= z >> 16n;
  mix();
  return [Number(x), Number(y), Number(z)];
}

/** Start of a training window: first + pcg3d(seed, step, row) mod range. */
export function trainingStart(seed: number, step: number, row: number, range: number): number {
  return pcg3d(seed, step, row)[0] % range;
}

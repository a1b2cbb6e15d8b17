/** pcg3d and what images are drawn with, in exact integers and float64; see kernels/pcg3d.wgsl, kernels/image. */

/** Three counters to three random numbers. */
export function pcg3d(seed: [number, number, number]): [number, number, number] {
  const add = (a: number, b: number) => (a + b) >>> 0;
  const times = (a: number, b: number) => Math.imul(a, b) >>> 0;
  let [x, y, z] = seed.map((v) => add(times(v >>> 0, 1664525), 1013904223));
  const mix = () => {
    x = add(x, times(y, z));
    y = add(y, times(z, x));
    z = add(z, times(x, y));
  };
  mix();
  [x, y, z] = [x, y, z].map((v) => (v ^ (v >>> 16)) >>> 0);
  mix();
  return [x, y, z];
}

/** Two normal numbers of two random ones. */
export function gaussian(a: number, b: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(((a >>> 8) + 1) / 2 ** 24));
  const angle = 2 * Math.PI * (b >>> 8) / 2 ** 24;
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

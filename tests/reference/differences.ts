/** Central finite differences in float64. */

/** d f / d x[i] for every i, from f at x ± h; error about h² f''' + 1e-16 / h. */
export function centralDifferences(f: (x: number[]) => number, x: number[], h = 1e-5): number[] {
  return x.map((_, i) => {
    const at = (by: number) => f(x.map((v, j) => j === i ? v + by : v));
    return (at(h) - at(-h)) / (2 * h);
  });
}

/**
 * The angles of RoPE (fixtures/parity/README.md) as tables, which the peers take as constants.
 *
 * @module
 */

/** Cosine and sine of t·10000^(-2i/dh): (seq, headWidth/2), row-major. */
export function ropeTables(
  seq: number,
  headWidth: number,
): Record<"cos" | "sin", Float32Array<ArrayBuffer>> {
  const half = headWidth / 2, angles = new Float64Array(seq * half);
  for (let t = 0; t < seq; t++) {
    for (let i = 0; i < half; i++) angles[t * half + i] = t * 10000 ** (-2 * i / headWidth);
  }
  return { cos: Float32Array.from(angles, Math.cos), sin: Float32Array.from(angles, Math.sin) };
}

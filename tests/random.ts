/** Test data: the same numbers at every run, exactly representable in float32. */

/** Uniform numbers in [0, 1): xorshift32. */
export function uniforms(seed: number): () => number {
  let x = (seed * 2654435761 + 1) >>> 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x = (x ^ (x << 5)) >>> 0;
    return x / 4294967296;
  };
}

/** Numbers spread like a normal distribution (sum of four uniforms), rounded to float32. */
export function gaussians(seed: number): () => number {
  const u = uniforms(seed);
  return () => Math.fround((u() + u() + u() + u() - 2) * Math.sqrt(3));
}

/**
 * What a sweep would look like with more seeds: the same mean curve, its resamples drawn towards it as their
 * noise shrinks, fitted again. The model error is taken anew from each of them, so that what no seed takes
 * away stays: a bowl that is no quadratic.
 *
 * @module
 */
import { fitCurve, modelError } from "./fit.ts";
import { type Analysis, intervalOf } from "./optimum.ts";
import { random, tQuantile80, tQuantile975 } from "./resample.ts";

/** Degrees of freedom of a resample's noise, see {@link resampleCurves}; both parts grow with n − 1. */
function freedomAt(seeds: number, had: number, pooled: number): number {
  const grown = (seeds - 1) / (had - 1);
  return 1 / (0.25 / (seeds - 1) + 0.25 / (pooled * grown));
}

/**
 * A sweep as it would be analysed with another number of seeds, were its mean curve the true one.
 *
 * @param seeds how many; Infinity leaves the model error alone
 * @param likely widen the noise by what four of five benches would stay within, instead of one of two
 * @param streamSeed of the model errors drawn, another one per sweep that is compared
 * @returns null where the sweep was not resampled
 */
export function withSeeds(
  { source, resamples, log2x, optimum, standardError }: Analysis,
  seeds: number,
  likely: boolean,
  streamSeed: number,
): Analysis | null {
  if (source === null || optimum.log2x === null) return null;
  const { parts, width } = source, had = parts.seedEffect.length;
  const before = tQuantile975(freedomAt(had, had, parts.freedom));
  const free = Number.isFinite(seeds) ? freedomAt(seeds, had, parts.freedom) : Infinity;
  const after = Number.isFinite(free) ? tQuantile975(free) + (likely ? tQuantile80(free) : 0) : 0;
  const share = Number.isFinite(seeds) ? Math.sqrt(had / seeds) * after / before : 0;
  const curves = resamples.curves.map((curve) =>
    curve.map((v, g) => parts.curve[g] + share * (v - parts.curve[g]))
  );
  const fits = curves.map((curve) => fitCurve(log2x, curve, width)), stream = random(streamSeed);
  const modelErrors = fits.map((fit, b) => modelError(log2x, curves[b], fit) * stream.normal());
  const open = fits.filter((f) => !f.convex || f.clamped).length > 0.025 * fits.length;
  const interval = intervalOf(fits.map((fit, b) => fit.log2x + modelErrors[b]));
  const ends = { lo: log2x[0], hi: log2x[log2x.length - 1] };
  return {
    source,
    log2x,
    fits,
    modelErrors,
    resamples: { curves, levels: resamples.levels },
    open,
    standardError: standardError &&
      (Number.isFinite(seeds) ? standardError * Math.sqrt(had / seeds) : 0),
    optimum: {
      ...optimum,
      log2x: open ? { estimate: interval.estimate, ...ends } : interval,
    },
  };
}

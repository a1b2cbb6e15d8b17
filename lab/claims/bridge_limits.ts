/**
 * What the bridges are judged by.
 *
 * @module
 */

/** The limits at one size of the bridges. */
export interface BridgeLimits {
  /** Bridge I: largest relative difference of a tensor and difference of a loss, on a software adapter */
  tensor: number;
  loss: number;
  /** how many times that on a GPU */
  onGpu: number;
  /** Bridge II: largest |log2 q| that nine experts in ten stay within */
  q_octaves: number;
  /** exponents of a/N at which noise counts as ∝ 1/√tokens */
  noise: { lo: number; hi: number };
  /** largest and smallest share of tokens over a/N; shown, decides nothing */
  share: { lo: number; hi: number };
}

/** The limits on an adapter: sums of another order may round differently on a GPU. */
export function limitsOn(software: boolean, limits: BridgeLimits): BridgeLimits {
  const scale = software ? 1 : limits.onGpu;
  return { ...limits, tensor: scale * limits.tensor, loss: scale * limits.loss };
}

/** Made-up latency points whose times follow a law, for the judges. */
import {
  LATENCY_PASSES,
  type LatencyPoint,
  latencyPointSchema,
} from "../../lab/record/latency_record.ts";
import { groupsOf, type LatencyProfile } from "../../lab/latency/latency_suite.ts";
import { latency } from "../../suites/latency.ts";

/** How the time grows along each axis, as exponents: 0 is flat, 1 in proportion. */
export interface Law {
  /** with N at fixed a and h */
  capacity: number;
  /** with the number of parts experts are split into */
  granularity: number;
  /** with the hidden width of a dense layer */
  widening: number;
  /** relative spread of a round that a ratio does not share */
  noise?: number;
}

/** Points of a profile whose times follow a law. */
export function pointsOf(
  law: Law,
  profile: LatencyProfile = latency.profiles.quick,
): LatencyPoint[] {
  const points: LatencyPoint[] = [];
  for (const [i, { panel, pass, works }] of groupsOf(profile).entries()) {
    for (const { ffn, roles, configuration, label, width, tokens, routing } of works) {
      const moe = ffn.kind === "moe" ? ffn : null;
      const hidden = moe ? moe.active * moe.expertWidth : ffn.kind === "dense" ? ffn.hidden : 0;
      const parts = moe ? profile.granularity.expertWidth / moe.expertWidth : 1;
      const grown = panel === "granularity"
        ? parts ** law.granularity
        : (moe?.experts ?? 1) ** law.capacity;
      const base = 1e-3 * (moe ? grown : (hidden / 64) ** law.widening) *
        (pass === LATENCY_PASSES[0] ? 1 : 3);
      const samples_s = Array.from({ length: profile.rounds }, (_, round) => {
        const drift = 1 + 0.3 * round; // shared by all works of a round
        const own = 1 + (law.noise ?? 0.01) * Math.sin(7 * round + 13 * points.length);
        return base * drift * own;
      });
      const time_s = { estimate: base, lo: base, hi: base };
      for (const { series, matches } of roles) {
        points.push(latencyPointSchema.parse({
          key: `${points.length}`,
          group: `${i}`,
          panel,
          series,
          configuration,
          label,
          width,
          tokens,
          experts: moe?.experts ?? null,
          active: moe?.active ?? null,
          expertWidth: moe?.expertWidth ?? null,
          hidden,
          matches,
          parameters: moe
            ? moe.experts * (3 * width * moe.expertWidth + width)
            : 3 * width * hidden,
          routing,
          pass,
          time_s,
          samples_s,
          device_s: null,
          compile_s: null,
          flops: 1,
          routerFlops: 0,
          tflops: time_s,
          bytes: 1,
          percentOfDense: null,
          percentOfCeiling: time_s,
          paddingShare: null,
          busiestOverMean: null,
          dispatches: 1,
          warnings: [],
        }));
      }
    }
  }
  return points;
}

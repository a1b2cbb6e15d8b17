/** Made-up latency points whose times follow a law or a machine; no number of them is a result. */
import { medianInterval } from "../../../kernels/gpu/order_statistics.ts";
import { groupsOf, type LatencyProfile, type LatencyWork } from "../../../lab/latency/works.ts";
import type { Interval } from "../../../lab/record/findings.ts";
import {
  type LatencyPass,
  type LatencyPoint,
  latencyPointSchema,
} from "../../../lab/record/timed.ts";
import { latency } from "../../../suites/latency.ts";

/** Seconds of a pass over a layer, without noise. */
export type TimeOf = (work: LatencyWork, panel: LatencyPoint["panel"], pass: LatencyPass) => number;

const interval = (values: number[]): Interval => {
  const { estimate, lo, hi } = medianInterval(values);
  return { estimate, lo, hi };
};
const scaled = ({ estimate, lo, hi }: Interval, by: number): Interval => ({
  estimate: estimate * by,
  lo: lo * by,
  hi: hi * by,
});

const PADDED: Record<string, number> = { uniform: 0.04, zipf: 0.09, hot: 0.22, trained: 0.11 };

/**
 * The points of a profile.
 *
 * @param timeOf seconds without noise
 * @param noise relative spread of a round that a ratio does not share
 * @param ceiling_flops of the machine
 */
export function madeUp(
  profile: LatencyProfile,
  timeOf: TimeOf,
  noise = 0.01,
  ceiling_flops = 60e9,
): LatencyPoint[] {
  let count = 0;
  return groupsOf(profile).flatMap(({ panel, pass, works }, group) => {
    const timed = works.map((work) => {
      const base = timeOf(work, panel, pass), own = count++;
      const samples_s = Array.from({ length: profile.rounds }, (_, round) => {
        const drift = 1 + 0.3 * (round - (profile.rounds - 1) / 2) / profile.rounds; // shared by a round
        return base * drift * (1 + noise * Math.sin(7 * round + 13 * own));
      });
      return { work, samples_s };
    });
    return timed.flatMap(({ work, samples_s }) =>
      work.roles.map(({ series, matches }): LatencyPoint => {
        const { ffn, width, tokens, routing, configuration, label } = work;
        const moe = ffn.kind === "moe" ? ffn : null, passes = pass === "forward" ? 1 : 3;
        const hidden = ffn.kind === "moe" ? ffn.active * ffn.expertWidth : ffn.hidden;
        const flops = 6 * tokens * width * hidden * passes;
        const dense = timed.filter((t) =>
          t.work.tokens === tokens &&
          t.work.roles.some((r) =>
            r.series === "dense, equal active FLOPs" &&
            r.matches!.some((m) => (matches ?? [configuration]).includes(m))
          )
        );
        const rates = interval(samples_s.map((s) => flops / s / 1e12));
        const paired = dense.length === 1 || series === "dense, equal active FLOPs";
        const against = series === "dense, equal active FLOPs" ? samples_s : dense[0]?.samples_s;
        const parameters = 3 * width * (moe ? moe.experts * moe.expertWidth : hidden) +
          (moe ? width * moe.experts : 0);
        return latencyPointSchema.parse({
          key: [panel, series, configuration, tokens, routing, pass].join("/"),
          group: `${group}`,
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
          parameters,
          routing,
          pass,
          time_s: interval(samples_s),
          samples_s,
          device_s: null,
          compile_s: null,
          flops,
          routerFlops: moe ? 2 * tokens * width * moe.experts * passes : 0,
          tflops: rates,
          bytes: 4 * passes * (parameters + tokens * (2 * width + 3 * hidden)),
          percentOfDense: paired && against
            ? scaled(interval(samples_s.map((s, i) => against[i] / s)), 100)
            : null,
          percentOfCeiling: scaled(rates, 1e14 / ceiling_flops),
          paddingShare: moe && PADDED[routing!],
          busiestOverMean: moe && 1 + 10 * PADDED[routing!],
          dispatches: (moe ? 9 : 4) * passes,
          warnings: routing === "hot" && pass === "forward"
            ? ["the clock drifted by 4% while this was timed"]
            : [],
        });
      })
    );
  });
}

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
  return madeUp(profile, ({ ffn }, panel, pass) => {
    const growth = ffn.kind === "dense"
      ? (ffn.hidden / 64) ** law.widening
      : panel === "granularity"
      ? (profile.granularity.expertWidth / ffn.expertWidth) ** law.granularity
      : ffn.experts ** law.capacity;
    return 1e-3 * growth * (pass === "forward" ? 1 : 3);
  }, law.noise);
}

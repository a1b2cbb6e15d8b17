/**
 * One group of the latency suite: its layers on the device, timed in the same rounds, as points.
 *
 * @module
 */
import type { Device } from "../../kernels/gpu/device.ts";
import { rateOf, ratioOf, timeInterleaved, type Timing } from "../../kernels/gpu/timer.ts";
import { FeedForward, parametersOf, routerFlopsOf } from "../../model/feed_forward.ts";
import { quotient } from "../record/beside.ts";
import type { Interval } from "../record/findings.ts";
import type { LatencyPoint, RooflineFacts } from "../record/timed.ts";
import { mapped } from "../statistics/interval.ts";
import { hashOf } from "../record/hash.ts";
import type { LatencyGroup, LatencyWork } from "./works.ts";

/** A layer on the device, or why it is not there. */
async function build(
  device: Device,
  work: LatencyWork,
  group: LatencyGroup,
  trained: number[] | null,
): Promise<FeedForward | string> {
  const { width, tokens, ffn, configuration } = work;
  const routing = (work.routing === "trained" ? trained : work.routing) ?? undefined;
  const lacking = (why: string) => `${configuration}, ${tokens} tokens, ${group.pass}: ${why}`;
  // a tensor that found no memory is invalid, and what binds it complains: both are caught
  device.gpu.pushErrorScope("validation");
  device.gpu.pushErrorScope("out-of-memory");
  let layer: FeedForward | null = null, refused: string | null = null;
  try {
    layer = new FeedForward(device, { width, tokens, ffn, routing }, group.pass, { submit: false });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    refused = error.message;
  } finally {
    // uploads reach the device now, not inside the first timed call
    device.gpu.queue.submit([]);
    await device.gpu.queue.onSubmittedWorkDone();
    const full = await device.gpu.popErrorScope(), invalid = await device.gpu.popErrorScope();
    if (full) refused ??= "the adapter's memory is full (works of a group are held at once)";
    else if (invalid) device.errors.push(invalid.message); // a defect: the next settle says so
  }
  if (layer && refused === null) return layer;
  layer?.destroy();
  return lacking(refused ?? "it could not be made");
}

const percent = (share: Interval) => mapped(share, (v) => 100 * v);

/** A work that was timed. */
interface Timed {
  work: LatencyWork;
  layer: FeedForward;
  timing: Timing;
  padding: number | null;
  counts: number[] | null;
}

/** The points of a group, one per work and role. */
function pointsOf(
  group: LatencyGroup,
  key: string,
  timed: Timed[],
  roofline: RooflineFacts,
): LatencyPoint[] {
  const beside = (configuration: string, tokens: number) =>
    timed.find((t) =>
      t.work.tokens === tokens &&
      t.work.roles.some((r) =>
        r.series === "dense, equal active FLOPs" && r.matches!.includes(configuration)
      )
    );
  return timed.flatMap(({ work, layer, timing, padding, counts }) =>
    work.roles.map(({ series, matches }): LatencyPoint => {
      const { ffn } = work, moe = ffn.kind === "moe" ? ffn : null;
      const { median_s: estimate, lo_s: lo, hi_s: hi } = timing;
      const perSecond = rateOf(timing, layer.flops);
      const partners = series === "moe"
        ? [beside(work.configuration, work.tokens)]
        : series === "dense, equal active FLOPs"
        ? [timed.find((t) => t.layer === layer)]
        : [...new Set(matches!.map((m) => beside(m, work.tokens)))];
      const dense = partners.length === 1 ? partners[0] : undefined;
      const mean = counts && counts.reduce((a, b) => a + b, 0) / counts.length;
      return {
        key: hashOf({ key, series, work: { ...work, roles: undefined } }),
        group: key,
        panel: group.panel,
        series,
        configuration: work.configuration,
        label: work.label,
        width: work.width,
        tokens: work.tokens,
        experts: moe?.experts ?? null,
        active: moe?.active ?? null,
        expertWidth: moe?.expertWidth ?? null,
        hidden: ffn.kind === "moe" ? ffn.active * ffn.expertWidth : ffn.hidden,
        matches,
        parameters: parametersOf(layer.c),
        routing: work.routing,
        pass: group.pass,
        time_s: { estimate, lo, hi },
        samples_s: timing.samples,
        device_s: timing.device_s,
        compile_s: timing.compile_s,
        flops: layer.flops,
        routerFlops: routerFlopsOf(layer.c, group.pass),
        tflops: mapped(perSecond, (v) => 1e-12 * v),
        bytes: layer.bytes,
        percentOfDense: dense ? percent(ratioOf(dense.timing, timing)) : null,
        percentOfCeiling: quotient(percent(perSecond), roofline.fma_flops),
        paddingShare: padding,
        busiestOverMean: counts && mean ? Math.max(...counts) / mean : null,
        dispatches: layer.whole.dispatches.length,
        warnings: timing.warnings,
      };
    })
  );
}

/** How a group is timed. */
export interface GroupOptions {
  /** key of the group */
  key: string;
  roofline: RooflineFacts;
  rounds: number;
  sample_s: number;
  /** load of a trained router; null: works that want it are passed over */
  trained: number[] | null;
  signal: AbortSignal;
  /** is told the share of the samples that are taken */
  onSample(share: number): void;
}

/**
 * Times the works of a group in the same rounds.
 *
 * @returns the points, and the works that the adapter could not hold, each with its reason
 * @throws the signal's reason when it is aborted @throws {DeviceError} when the GPU refused work
 */
export async function timeGroup(
  device: Device,
  group: LatencyGroup,
  { key, roofline, rounds, sample_s, trained, signal, onSample }: GroupOptions,
): Promise<{ points: LatencyPoint[]; leftOut: string[] }> {
  const made: { work: LatencyWork; layer: FeedForward }[] = [], leftOut: string[] = [];
  try {
    for (const work of group.works) {
      signal.throwIfAborted();
      if (work.routing === "trained" && !trained) continue; // the record says it once
      const layer = await build(device, work, group, trained);
      if (typeof layer === "string") leftOut.push(layer);
      else made.push({ work, layer });
    }
    if (made.length === 0) return { points: [], leftOut };
    // a warm-up takes at least 3 calls
    const calls = made.length * (rounds + 3);
    let called = 0;
    const works = made.map(({ work, layer }) => ({
      name: work.configuration,
      async run(repetitions: number, stamps?: GPUComputePassTimestampWrites) {
        signal.throwIfAborted();
        await layer.run(repetitions, stamps);
        onSample(Math.min(1, ++called / calls));
      },
    }));
    const timings = await timeInterleaved(device, works, { samples: rounds, sample_s });
    const timed: Timed[] = [];
    for (const [i, { work, layer }] of made.entries()) {
      const padding = await layer.paddingShare(), counts = await layer.counts();
      timed.push({ work, layer, timing: timings[i], padding, counts });
    }
    return { points: pointsOf(group, key, timed, roofline), leftOut };
  } finally {
    for (const { layer } of made) layer.destroy();
  }
}

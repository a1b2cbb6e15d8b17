/**
 * Images that a dense and an MoE model draw from the same noise: does a classifier read the class that was asked for, and
 * does it not where the class was withheld or another was asked for? Beside it the held-out loss by time.
 *
 * @module
 */
import { diffusionFacts } from "../../model/tasks/diffusion.ts";
import { imagesFor } from "../../model/tasks/images.ts";
import type { TimedLosses } from "../../model/tasks/timed_losses.ts";
import { judgeOne } from "../judge/decide.ts";
import type {
  Findings,
  FindingsTable,
  Interval,
  Judgement,
  Point,
  Role,
} from "../record/findings.ts";
import { LabError } from "../record/failure.ts";
import { column, panelOf, pointOf } from "../record/parts.ts";
import { mapped } from "../statistics/interval.ts";
import { meanInterval } from "../statistics/paired.ts";
import { mean } from "../statistics/resample.ts";
import { shareInterval, shareOver } from "../statistics/share.ts";
import { trainClassifier } from "./classifier.ts";
import { type Drawn, drawnOf, type SamplesProfile } from "./drawn.ts";
import { lossUnit, probed, type Workbench } from "./models.ts";
import { picturesOf } from "./sample_pictures.ts";
import type { Method } from "./suite.ts";

/** Bin of a time. */
const binOf = (t: number, bins: number) => Math.min(bins - 1, Math.floor(t * bins));

/** Losses of the images of each bin, each the mean over replicas. */
export function binned(timed: readonly TimedLosses[], bins: number): number[][] {
  const out = Array.from({ length: bins }, (): number[] => []);
  timed[0].time.forEach((t, i) => out[binOf(t, bins)].push(mean(timed.map(({ loss }) => loss[i]))));
  return out;
}

/** Fewer images of each class than these are shown and not judged. */
const LEAST = 10;

const NAMED = "named", TIMED = "loss by time";

/** Loss by time as points and a table. */
function timedOf(p: SamplesProfile, models: readonly Drawn[], unit: string) {
  const all = models.map(({ timed }) => binned(timed, p.bins));
  const known = (of: number[]) => of.every(Number.isFinite) ? meanInterval(of) : null;
  const points = models.flatMap(({ name }, m): Point[] =>
    all[m].flatMap((of, bin) => {
      const found = known(of);
      return found ? [pointOf(TIMED, name, (bin + 0.5) / p.bins, found.estimate, found)] : [];
    })
  );
  const [dense, moe] = all;
  const table: FindingsTable = {
    title: "Held-out loss by time",
    columns: [
      column("t from", "", 3),
      column("to", "", 3),
      column("images", "", 0),
      ...models.map(({ name }) => column(name, unit, 3)),
      column(`${models[1].name} − ${models[0].name}`, unit, 4),
    ],
    rows: dense.map((of, bin) => [
      bin / p.bins,
      (bin + 1) / p.bins,
      of.length,
      known(of),
      known(moe[bin]),
      known(moe[bin].map((v, i) => v - of[i])),
    ]),
    note:
      "t = 0 is the image, t = 1 is noise; times are drawn as in training, so that the ends have few. The same images, times and noise for both models, hence the narrow intervals of the difference",
  };
  return { points, table };
}

/** Whether each image is read as the class asked for, under a shift of the classes. */
function named(read: number[], classes: number, shift = 0): boolean[] {
  return read.map((c, i) => c === (i % classes + shift) % classes);
}

/** Findings from what was drawn and read. */
export function judgeSamples(
  p: SamplesProfile,
  models: readonly Drawn[],
  read: readonly { guided: number[][]; withheld: number[][] }[],
  real: { yes: number; all: number },
  classes: number,
): Pick<Findings, "judgements" | "points"> & { table: FindingsTable } {
  const limits = { lo: p.limits.named_percent }, [dense, moe] = models;
  const percent = (of: Interval | null) => of && mapped(of, (v) => 100 * v);
  const judgements: Judgement[] = [], points: Point[] = [], few = p.perClass < LEAST;
  const judge = (
    subject: string,
    variant: string,
    role: Role,
    value: Interval | null,
    line: string,
  ) => {
    judgements.push(judgeOne({
      panel: NAMED,
      subject,
      variant,
      role,
      name: "images read as the class asked for",
      unit: "%",
      value: few ? null : value,
      limits,
      missing: few ? `${p.perClass} images of each class are too few` : "no image was drawn",
    }));
    if (value) points.push(pointOf(NAMED, subject, line, value.estimate, value));
  };
  const under = "complete-mue";
  const share = (of: number[][], shift = 0) =>
    percent(shareOver(of.map((one) => named(one, classes, shift))));
  judge(moe.name, under, "claim", share(read[1].guided), "class asked for");
  judge(moe.name, "no class asked for", "control", share(read[1].withheld), "no class");
  judge(moe.name, "the next class asked for", "aside", share(read[1].guided, 1), "next class");
  judge(dense.name, under, "aside", share(read[0].guided), "class asked for");
  const held = percent(shareInterval(real.yes, real.all));
  judge("held-out images", "their own class", "aside", held, "class asked for");
  const right = read.map(({ guided }) => guided.map((of) => named(of, classes)));
  const byClass = (m: number) =>
    Array.from(
      { length: classes },
      (_, c) =>
        100 * mean(right[m].map((of) => mean(of.filter((_, i) => i % classes === c).map(Number)))),
    );
  // of each image the mean over trainings, paired by its noise
  const each = right.map((of) => of[0].map((_, i) => 100 * mean(of.map((one) => +one[i]))));
  const [ofDense, ofMoe] = [byClass(0), byClass(1)];
  const table: FindingsTable = {
    title: "Images read as the class asked for, by class",
    columns: [
      column("images of"),
      column("all", "%"),
      ...Array.from({ length: classes }, (_, c) => column(`${c}`, "%", 0)),
    ],
    rows: [
      [dense.name, share(read[0].guided), ...ofDense],
      [moe.name, share(read[1].guided), ...ofMoe],
      [
        `${moe.name} − ${dense.name}, paired by noise`,
        meanInterval(each[1].map((v, i) => v - each[0][i])),
        ...ofMoe.map((v, c) => v - ofDense[c]),
      ],
    ],
    note:
      `${p.perClass} images of each class and training. The classifier is a softmax regression on ${p.classifier.images} training images; of real held-out images it reads ${
        (100 * real.yes / real.all).toFixed(1)
      }% as their class`,
  };
  return { judgements, points, table };
}

/** Trains, draws, reads and judges. */
export async function measureSamples(p: SamplesProfile, at: Workbench): Promise<Findings> {
  const facts = diffusionFacts(at.pool.context.task), { classes } = facts;
  const { host } = imagesFor(at.pool.data, facts), length = host.channels * host.side ** 2;
  if (classes < 2 || host.trained < p.classifier.images) {
    throw new LabError(
      `Cannot say what images are read as: want 2 classes and ${p.classifier.images} images to train a classifier on, there are ${classes} and ${host.trained}`,
    );
  }
  const models = [
    await drawnOf(p, at, p.dense, false, [0, 0.4]),
    await drawnOf(p, at, p.moe, true, [0.4, 0.97]),
  ];
  at.progress(probed("reads the images", 0.97));
  const read = trainClassifier(host, length, classes, p.classifier);
  const truth = host.labels.subarray(host.trained);
  const right = read(host.pixels.subarray(host.trained * length)).filter((c, i) => c === truth[i]);
  const all = models.map(({ guided, withheld }) => ({
    guided: guided.map(read),
    withheld: withheld.map(read),
  }));
  const unit = lossUnit(at), timed = timedOf(p, models, unit);
  const real = { yes: right.length, all: truth.length };
  const judged = judgeSamples(p, models, all, real, classes);
  const lost = models.filter(({ diverged }) => diverged.includes(true)).map(({ name }) => name);
  const of = p.seeds.length === 1
    ? "one training of each model: the intervals are over its images, and another training may differ"
    : "shares have intervals over trainings, which all draw from the same noise; differences paired by noise and losses by time over images";
  return {
    panels: [
      panelOf({
        name: NAMED,
        title: "Images read as the class asked for",
        chart: "images-named",
        mark: "points",
        x: { title: "what they are compared with", scale: "nominal" },
        y: { title: "share (%)", scale: "linear" },
        rules: [{ y: p.limits.named_percent, label: "limit" }],
      }),
      panelOf({
        name: TIMED,
        title: "Held-out loss by time",
        decides: false,
        chart: "loss-by-time",
        x: { title: "t (1 is noise)", scale: "linear" },
        y: { title: `held-out loss (${unit})`, scale: "linear" },
      }),
    ],
    points: [...judged.points, ...timed.points],
    judgements: judged.judgements,
    tables: [judged.table, timed.table],
    pictures: picturesOf(p, models, host, classes, length),
    caveats: [
      ...lost.map((name) => `${name} diverged: its images are whatever its last velocities gave`),
      "no video model is trained here: images stand in for the paper's video samples",
      "a classifier that names the class does not say that an image looks real, and no distance between distributions (FID) is measured",
      of,
    ],
  };
}

/** How a suite of this kind is measured. */
export const SAMPLES: Method<SamplesProfile> = {
  trains: ({ plan }) => ({ plan, wanted: [] }),
  says: ({ plan, dense, moe, seeds, perClass, sampling: { solver, steps, guidance } }) => [
    `${dense} and ${moe}, complete-mue, ${plan.steps} steps × ${seeds.length}`,
    `${perClass} images of each class drawn from each, ${solver}, ${steps} steps, guidance ${guidance}`,
  ],
  measure: measureSamples,
};

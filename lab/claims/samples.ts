/**
 * Images that a dense and an MoE model draw from the same noise: does a classifier read the class that was asked for, and
 * does it not where the class was withheld or another was asked for? Beside it the held-out loss by time.
 *
 * @module
 */
import { imagesFor, type PixelData } from "../../model/tasks/images.ts";
import { bytesOfPixels, Sampler, type Sampling } from "../../model/tasks/sampler.ts";
import { type TimedLosses, timedLosses } from "../../model/tasks/timed_losses.ts";
import type { DiffusionFacts } from "../../model/tasks/image_facts.ts";
import type { Trainer } from "../../model/trainer.ts";
import { judgeOne } from "../judge/decide.ts";
import type {
  Findings,
  FindingsTable,
  Interval,
  Judgement,
  Picture,
  Point,
  Role,
} from "../record/findings.ts";
import { column, panelOf, pointOf } from "../record/parts.ts";
import { mapped } from "../statistics/interval.ts";
import { meanInterval } from "../statistics/paired.ts";
import { mean } from "../statistics/resample.ts";
import { shareInterval, shareOver } from "../statistics/share.ts";
import { groupTrainer } from "../train/group.ts";
import type { TrainingPlan } from "../train/plan.ts";
import { type ClassifierPlan, trainClassifier } from "./classifier.ts";
import { jobOfWanted, lossUnit, probed, type Workbench } from "./models.ts";
import type { Method } from "./suite.ts";

/** Samples at one size. */
export interface SamplesProfile {
  /** of the training of each model */
  plan: TrainingPlan;
  seeds: number[];
  /** both of one active width */
  dense: string;
  moe: string;
  /** how images are drawn, with guidance */
  sampling: Sampling;
  /** of the noise they start from */
  noiseSeed: number;
  /** images of each class that are judged */
  perClass: number;
  /** images of each class that are shown */
  shown: number;
  /** steps of the training after which images are shown, before its end */
  looks: number[];
  /** intervals of t, of equal length, that the loss is averaged over */
  bins: number;
  classifier: ClassifierPlan;
  limits: {
    /** least share of the images that are read as the class asked for, percent */
    named_percent: number;
  };
}

/** What one configuration gave, replica by replica. */
export interface Drawn {
  name: string;
  /** bytes of images, (perClass · classes) of them, class i % classes */
  guided: Uint8Array[];
  /** the same noise, no class asked for; none where that was not drawn */
  withheld: Uint8Array[];
  /** of the first replica, images of each class after some steps */
  looks: { step: number; bytes: Uint8Array }[];
  timed: TimedLosses[];
  diverged: boolean[];
}

/** Longest part of the training in one submit, steps: short enough for Ctrl-C. */
const SUBMIT = 20;

/** Trains up to a step. */
async function trainTo(trainer: Trainer, step: number, at: Workbench, tell: () => void) {
  while (trainer.step < step) {
    at.signal.throwIfAborted();
    await trainer.run(Math.min(SUBMIT, step - trainer.step));
    tell();
  }
}

/** Class i % classes of each of `each` images a class. */
const asked = (classes: number, each: number): number[] =>
  Array.from({ length: classes * each }, (_, i) => i % classes);

/**
 * Trains a configuration on all seeds side by side and draws from it.
 *
 * @param withheld whether images of no class are drawn too @param from share of the suite done before, of `to` after
 */
async function drawnOf(
  p: SamplesProfile,
  at: Workbench,
  configuration: string,
  withheld: boolean,
  [from, to]: [number, number],
): Promise<Drawn> {
  const { plan, noiseSeed: seed, sampling } = p, { device, signal } = at, { data } = at.pool;
  const jobs = p.seeds.map((seed) =>
    jobOfWanted(
      { panel: "samples", configuration, rule: "complete-mue", role: "target", seed },
      plan,
      at.pool.context,
    )
  );
  const name = jobs[0].cell.label, { facts } = at.pool.context.task;
  const classes = (facts as unknown as DiffusionFacts).classes;
  const trainer = groupTrainer(device, data, jobs), { steps } = trainer.options;
  const tell = (share: number, what: string) =>
    at.progress(probed(`${name}: ${what}`, from + (to - from) * share));
  const training = () => tell(0.7 * trainer.step / steps, `step ${trainer.step}/${steps}`);
  const draw = async (how: Sampling, classes: number[]) => {
    const sampler = new Sampler(device, trainer, how);
    try {
      const all = await sampler.draw({ seed, first: 0, classes }, signal);
      return all.map(bytesOfPixels);
    } finally {
      sampler.destroy();
    }
  };
  try {
    const looks: Drawn["looks"] = [];
    for (const step of p.looks) {
      await trainTo(trainer, step, at, training);
      looks.push({ step, bytes: (await draw(sampling, asked(classes, 1)))[0] });
    }
    await trainTo(trainer, steps, at, training);
    tell(0.7, "draws images");
    const guided = await draw(sampling, asked(classes, p.perClass));
    tell(0.9, "draws images of no class");
    const none = Array<number>(classes * p.perClass).fill(classes);
    const free = withheld ? await draw({ ...sampling, guidance: 1 }, none) : [];
    const timed = await timedLosses(device, trainer, data, plan.evaluationBatches, signal);
    const diverged = timed.map(({ loss }) => loss.some((v) => !Number.isFinite(v)));
    return { name, guided, withheld: free, looks, timed, diverged };
  } finally {
    trainer.destroy();
  }
}

/** Image i of bytes, as a record keeps it. */
function imageText(bytes: Uint8Array, i: number, length: number): string {
  let text = "";
  for (const byte of bytes.subarray(i * length, (i + 1) * length)) {
    text += String.fromCharCode(byte);
  }
  return btoa(text);
}

/** The first held-out images of each class: `rows` rows of them. */
function realRows(
  { pixels, labels, trained }: PixelData,
  classes: number,
  rows: number,
  length: number,
) {
  const of = Array.from({ length: classes }, (_, c) => {
    const found: number[] = [];
    for (let i = trained; i < labels.length && found.length < rows; i++) {
      if (labels[i] === c) found.push(i);
    }
    return found;
  });
  return Array.from(
    { length: rows },
    (_, row) =>
      of.flatMap((found) => row < found.length ? [imageText(pixels, found[row], length)] : []),
  );
}

/** The pictures: real images over those of both models, then how the MoE model's came to be. */
function picturesOf(
  p: SamplesProfile,
  models: readonly Drawn[],
  host: PixelData,
  classes: number,
  length: number,
): Picture[] {
  const row = (bytes: Uint8Array, row: number) =>
    Array.from({ length: classes }, (_, c) => imageText(bytes, row * classes + c, length));
  const { channels, side } = host;
  const about = { channels: channels === 3 ? 3 as const : 1 as const, side };
  const { solver, steps, guidance } = p.sampling;
  const how = `${
    solver === "heun" ? "Heun" : "Euler"
  }'s method, ${steps} steps, guidance ${guidance}`;
  const rows = (name: string, images: string[][]) =>
    images.map((images, i) => ({ label: i === 0 ? name : "", images }));
  const shown = (bytes: Uint8Array) => Array.from({ length: p.shown }, (_, i) => row(bytes, i));
  const free = models.flatMap(({ name, withheld }) =>
    withheld.length > 0
      ? [{ label: `${name}, no class asked for`, images: row(withheld[0], 0) }]
      : []
  );
  const { name, looks, guided } = models.at(-1)!;
  return [
    {
      name: "samples",
      title: "Images drawn",
      note: `A column for each class, 0 to ${
        classes - 1
      }; images in a column start from the same noise, row by row. ${how}.`,
      ...about,
      rows: [
        ...rows("held-out images", realRows(host, classes, p.shown, length)),
        ...models.flatMap(({ name, guided }) => rows(name, shown(guided[0]))),
        ...free,
      ],
    },
    {
      name: "samples-over-training",
      title: "Images over training",
      note: `${name}, always from the same noise.`,
      ...about,
      rows: [
        ...looks.map(({ step, bytes }) => ({ label: `step ${step}`, images: row(bytes, 0) })),
        { label: `step ${p.plan.steps}`, images: row(guided[0], 0) },
      ],
    },
  ];
}

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
  judge(moe.name, "the next class asked for", "control", share(read[1].guided, 1), "next class");
  judge(dense.name, under, "aside", share(read[0].guided), "class asked for");
  const held = percent(shareInterval(real.yes, real.all));
  judge("held-out images", "their own class", "aside", held, "class asked for");
  const byClass = (of: number[][]) =>
    Array.from(
      { length: classes },
      (_, c) =>
        100 *
        mean(of.map((one) => mean(one.filter((_, i) => i % classes === c).map((r) => +(r === c))))),
    );
  const table: FindingsTable = {
    title: "Images read as the class asked for, by class",
    columns: [
      column("images of"),
      ...Array.from({ length: classes }, (_, c) => column(`${c}`, "%", 0)),
    ],
    rows: models.map(({ name }, m) => [name, ...byClass(read[m].guided)]),
    note:
      `${p.perClass} images of each class and training. The classifier is a softmax regression on ${p.classifier.images} training images; of real held-out images it reads ${
        (100 * real.yes / real.all).toFixed(1)
      }% as their class`,
  };
  return { judgements, points, table };
}

/** Trains, draws, reads and judges. */
export async function measureSamples(p: SamplesProfile, at: Workbench): Promise<Findings> {
  const facts = at.pool.context.task.facts as unknown as DiffusionFacts, { classes } = facts;
  const { host } = imagesFor(at.pool.data, facts), length = host.channels * host.side ** 2;
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
    : "the intervals are over trainings";
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
      "no video model is trained here: images of digits stand in for the paper's video samples",
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

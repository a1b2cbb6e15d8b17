/**
 * One bench of one suite: plan → missing cells → training → judgement → record.
 *
 * The plan and its hash are written before the first run. Every finished run is on the disk before
 * the next group starts, so a bench that was stopped goes on where it stopped.
 *
 * @module
 */
import { resourceUsage } from "node:process";
import type { Device } from "../kernels/gpu/device.ts";
import { layoutOf } from "../model/shape.ts";
import { uploadCorpus } from "../model/trainer.ts";
import { destroyTensor } from "../kernels/gpu/tensor.ts";
import { adapterIdentity, type Context, type Job, jobOf } from "./cells.ts";
import { type Sweep, sweepOptimum, widen } from "./optimum.ts";
import { type Line, linesOf, planOf, settlePlan } from "./lines.ts";
import {
  type BenchRecord,
  type Cell,
  type Environment,
  type Judgement,
  type Optimum,
  type Run,
  SCHEMA,
} from "./record.ts";
import { LabError, openStore } from "./store.ts";
import { factsOf, type ProfileName, type Suite } from "./suite.ts";
import { trainGroup } from "./train.ts";
import { judgeSuite, judgeTarget } from "./verdict.ts";

/** What happened, for a progress line. */
export interface BenchProgress {
  /** what is being trained, e.g. `16e4a complete-mue + standard` */
  label: string;
  runsDone: number;
  runsPlanned: number;
  step: number;
  steps: number;
  replicas: number;
  /** seconds left for what is planned so far; null until one group was measured */
  left_s: number | null;
}

/** The text, its split and where it came from. */
export interface BenchData {
  name: string;
  bytes: Uint8Array;
  trainBytes: number;
  hash: string;
  licence: string;
}

/** What to bench and where to put it. */
export interface BenchOptions {
  suite: Suite;
  profile: ProfileName;
  outDir: string;
  /** aborted: the running submit ends, what is finished is kept, the record says `incomplete` */
  signal: AbortSignal;
  onProgress(progress: BenchProgress): void;
  /** what happened before that a reader of the record must know */
  warnings?: string[];
}

const MAX_REPLICAS = 15;

/** Floats multiplied and added per token, a proxy for time left before anything is measured. */
function work(job: Job): number {
  const { width: d, depth, vocab, ffn } = job.shape;
  const active = ffn.kind === "dense" ? ffn.hidden : (ffn.active + ffn.shared) * ffn.expertWidth;
  return depth * (4 * d * d + 3 * d * active) + d * vocab + 6000;
}

/** Device memory a group may take. */
const GROUP_BYTES = 6e9;

/**
 * How many runs of a shape the adapter holds side by side.
 *
 * @throws {LabError} when not even one fits
 */
function replicasThatFit(device: Device, job: Job, tokens: number): number {
  const { ffn } = job.shape, layout = layoutOf(job.shape);
  const rows = ffn.kind === "dense" ? tokens : tokens * ffn.active + 64 * ffn.experts;
  const h = ffn.kind === "dense" ? ffn.hidden : ffn.expertWidth;
  const branch = rows * Math.max(2 * h, layout.width);
  const largest = 4 * Math.max(
    layout.floats,
    branch,
    tokens * layout.vocab,
    tokens * 3 * layout.attention,
  );
  const binding = device.gpu.limits.maxStorageBufferBindingSize;
  // parameters, gradient and moments, twice but the gradient; activations of all blocks, generously
  const all = 4 * (7 * layout.floats +
    job.shape.depth * (2 * branch + tokens * (6 * layout.attention + 4 * layout.width)) +
    2 * tokens * layout.vocab);
  const fits = device.profile.storage === "texture" ? MAX_REPLICAS : Math.floor(binding / largest);
  if (fits < 1) {
    throw new LabError(
      `Cannot train ${job.cell.configuration}: it needs a binding of ${largest} bytes, the adapter allows ${binding}`,
    );
  }
  return Math.max(1, Math.min(MAX_REPLICAS, fits, Math.floor(GROUP_BYTES / all)));
}

/** Extends a target's grid to hold the transferred value, so that a miss has a measured regret. */
function coverTransferred(line: Line, lines: Line[], sweepOf: (l: Line) => Sweep | null): void {
  const reference = lines.find((l) => l.panel === line.panel && l.role === "reference")!;
  const sweep = sweepOf(reference), x = sweep && sweepOptimum(sweep).log2x?.estimate;
  if (x === null || x === undefined) return;
  while (line.grid[0] > x) line.grid.unshift(line.grid[0] - 1);
  while (line.grid.at(-1)! < x) line.grid.push(line.grid.at(-1)! + 1);
}

/** Refuses a text that is too short for a profile, before anything is trained. */
function checkText(data: BenchData, p: Suite["profiles"][ProfileName]): void {
  if (data.trainBytes <= p.seq + 1) {
    throw new LabError(
      `Cannot draw sequences of ${p.seq} tokens: the training text has ${data.trainBytes}`,
    );
  }
  const held = data.bytes.length - data.trainBytes;
  const wanted = p.evaluationBatches * p.sequences + p.seq + 1;
  if (held < wanted) {
    throw new LabError(
      `Cannot validate on ${
        p.evaluationBatches * p.sequences
      } windows: the held-out text has ${held} bytes, want ${wanted}`,
    );
  }
}

/** What a bench leaves: its record, and the error that ended it early, if any. */
export interface BenchResult {
  record: BenchRecord;
  /** null also after an interruption; then the record is `incomplete` */
  failure: unknown;
}

/**
 * Runs or resumes a bench. What ends it early (an interruption, a full disk, a GPU error) comes back
 * as `failure` beside the record of what was finished, so that the report is never lost.
 *
 * @returns the record, not written yet
 * @throws {LabError} when the output directory cannot be used
 * @throws {LabError} for a text too short or a model the adapter cannot hold
 */
export async function runBench(
  device: Device,
  environment: Environment,
  data: BenchData,
  options: BenchOptions,
): Promise<BenchResult> {
  const started = performance.now(), { suite, outDir, signal } = options;
  const profile = suite.profiles[options.profile];
  checkText(data, profile);
  using store = openStore(outDir);
  const plan = settlePlan(
    outDir,
    suite.id,
    planOf(suite, options.profile, data.hash),
    store.runs.size > 0,
  );
  const warnings = [...options.warnings ?? [], ...store.warnings];
  if (plan.exploratory) {
    warnings.push("the runs in this directory were begun under another plan: exploratory");
  }
  const context: Context = {
    suite,
    profile,
    dataHash: data.hash,
    trainBytes: data.trainBytes,
    adapter: adapterIdentity(device),
  };
  const lines = linesOf(suite, options.profile);
  const cellsOf = (line: Line): Cell[] =>
    line.grid.flatMap((log2x) =>
      profile.seeds.map((seed) => ({
        panel: line.panel,
        configuration: line.configuration,
        label: line.label,
        rule: line.rule,
        role: line.role,
        swept: suite.swept,
        log2x,
        seed,
      }))
    );
  const jobs = new Map<string, Job>(); // by cell
  const job = (cell: Cell): Job => {
    const id = JSON.stringify(cell), known = jobs.get(id) ?? jobOf(cell, context);
    jobs.set(id, known);
    return known;
  };
  const runOf = (cell: Cell): Run | undefined => store.runs.get(job(cell).key);
  const sweepOf = (line: Line): Sweep | null => {
    const loss = line.grid.map((log2x) =>
      profile.seeds.map((seed) =>
        runOf(cellsOf(line).find((c) => c.log2x === log2x && c.seed === seed)!)
          ?.validationLoss_nats
      )
    );
    if (loss.some((row) => row.some((x) => x === undefined))) return null;
    return { log2x: line.grid, loss: loss as (number | null)[][] };
  };

  for (const line of lines) {
    replicasThatFit(device, job(cellsOf(line)[0]), profile.sequences * profile.seq);
  }
  const windows = profile.evaluationBatches * profile.sequences;
  if ((data.bytes.length - data.trainBytes) / windows < profile.seq) {
    warnings.push("the held-out windows overlap: the held-out text is short");
  }
  device.memory.resetPeak();
  const corpus = uploadCorpus(device, data.bytes, data.trainBytes);

  let trainedRuns = 0, reusedRuns = 0, measured = { work: 0, seconds: 0 };
  const counted = new Set<string>();
  const missing = (of: Line[]): Job[] => {
    const wanted = new Map<string, Job>();
    for (const cell of of.flatMap(cellsOf)) {
      const j = job(cell);
      if (!store.runs.has(j.key)) wanted.set(j.key, j);
      else if (!counted.has(j.key)) {
        counted.add(j.key);
        reusedRuns++;
      }
    }
    return [...wanted.values()];
  };
  const remaining = (): number => missing(lines).reduce((sum, j) => sum + work(j), 0);
  const train = async (of: Line[]): Promise<void> => {
    const byShape = Map.groupBy(missing(of), (j) => j.cell.configuration);
    for (const [, all] of byShape) {
      const most = replicasThatFit(device, all[0], profile.sequences * profile.seq);
      const groups = Math.ceil(all.length / most), size = Math.ceil(all.length / groups);
      for (let at = 0; at < all.length; at += size) {
        const group = all.slice(at, at + size), t0 = performance.now();
        const later = remaining(), mine = group.reduce((sum, j) => sum + work(j), 0);
        const planned = counted.size + missing(lines).length;
        const rules = [...new Set(group.map((j) => j.cell.rule))].join(" + ");
        const tell = (step: number) => {
          const seconds = (performance.now() - t0) / 1000, share = step / profile.steps;
          const rate = step > 0 && (measured.seconds === 0 || seconds > 5)
            ? (measured.seconds + seconds) / (measured.work + mine * share)
            : measured.work > 0
            ? measured.seconds / measured.work
            : null;
          options.onProgress({
            label: `${group[0].cell.label} d=${group[0].shape.width} ${rules}`,
            runsDone: counted.size,
            runsPlanned: planned,
            step,
            steps: profile.steps,
            replicas: group.length,
            left_s: rate === null ? null : rate * (later - mine * share),
          });
        };
        tell(0);
        const runs = await trainGroup(
          device,
          corpus,
          suite,
          profile,
          group,
          (_, step) => tell(step),
          signal,
        );
        for (const run of runs) {
          store.append(run);
          counted.add(run.key);
        }
        trainedRuns += runs.length;
        measured = {
          work: measured.work + mine,
          seconds: measured.seconds + (performance.now() - t0) / 1000,
        };
        tell(profile.steps);
      }
    }
  };
  /** Trains lines and widens their grids until no optimum lies on an edge. */
  const resolve = async (of: Line[]): Promise<void> => {
    for (let open = of; open.length > 0;) {
      await train(open);
      open = open.filter((line) => {
        const sweep = sweepOf(line), more = sweep ? widen(line.grid, sweepOptimum(sweep), 10) : [];
        line.grid = [...line.grid, ...more].sort((a, b) => a - b);
        return more.length > 0;
      });
    }
  };

  let incomplete = false, failure: unknown = null;
  try {
    missing(lines); // counts what is there already
    await resolve(lines.filter((l) => l.role === "reference"));
    const others = lines.filter((l) => l.role !== "reference");
    for (const line of others) coverTransferred(line, lines, sweepOf);
    await resolve(others);
  } catch (error) {
    incomplete = true;
    if (!signal.aborted || error !== signal.reason) failure = error;
  } finally {
    destroyTensor(corpus.tensor);
  }

  const optima: Optimum[] = [], judged: Judgement[] = [];
  for (const line of lines) {
    const sweep = sweepOf(line);
    if (!sweep) continue;
    const names = { panel: line.panel, label: line.label, rule: line.rule, swept: suite.swept };
    const { log2x, loss_nats, atEdge, diverged } = sweepOptimum(sweep);
    optima.push({ ...names, role: line.role, log2x, loss_nats, atEdge, diverged });
    const reference = lines.find((l) => l.panel === line.panel && l.role === "reference")!;
    const against = sweepOf(reference);
    if (line.role === "reference" || !against) continue;
    judged.push({
      ...names,
      role: line.role,
      ...judgeTarget(against, sweep, { tolerance: suite.tolerance_octaves }),
    });
  }
  const decision = judgeSuite(judged, { claimPanels: suite.claimPanels });
  const runs = lines.flatMap(cellsOf).flatMap((cell) => {
    const run = runOf(cell);
    return run ? [{ ...run, cell }] : [];
  });
  const diverged = new Set(runs.filter((r) => r.divergedAtStep !== null).map((r) => r.key)).size;
  if (diverged) warnings.push(`${diverged} runs diverged and count as missing`);
  const planned = lines.filter((l) => l.role !== "reference").length;
  const aside = Object.entries(decision.panels)
    .filter(([panel]) => !suite.claimPanels.includes(panel))
    .map(([panel, d]) => `; ${panel} (not part of the claim): ${d.verdict}, ${d.reason}`).join("");
  const record: BenchRecord = {
    schema: SCHEMA,
    createdAt: new Date().toISOString(),
    suite: factsOf(suite),
    plan,
    environment,
    data: {
      name: data.name,
      hash: data.hash,
      trainTokens: data.trainBytes,
      validationTokens: data.bytes.length - data.trainBytes,
      licence: data.licence,
    },
    runs,
    optima,
    judgements: decision.judgements,
    verdict: incomplete ? "inconclusive" : decision.verdict,
    reason: incomplete
      ? `stopped before the last run, with ${judged.length} of ${planned} targets and controls judged`
      : decision.reason + aside,
    incomplete,
    cost: {
      wall_s: (performance.now() - started) / 1000,
      trainedRuns,
      reusedRuns,
      trainedTokens: trainedRuns * profile.steps * profile.sequences * profile.seq,
      peakDevice_bytes: device.memory.peak_bytes,
      peakRss_bytes: peakRss(),
    },
    warnings,
  };
  return { record, failure };
}

/** Largest resident set of this process so far, bytes; null off Linux, where its unit is not known. */
function peakRss(): number | null {
  return Deno.build.os === "linux" ? resourceUsage().maxRSS * 1024 : null;
}

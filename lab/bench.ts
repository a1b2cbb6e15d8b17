/**
 * One bench of one suite: plan → missing cells → training → judgement → record.
 *
 * The plan and its hash are written before the first run. Every finished run is on the disk before
 * the next group starts, so a bench that was stopped goes on where it stopped.
 *
 * @module
 */
import type { Device } from "../kernels/gpu/device.ts";
import { layoutOf } from "../model/shape.ts";
import { uploadCorpus } from "../model/trainer.ts";
import { destroyTensor } from "../kernels/gpu/tensor.ts";
import { formatConfiguration, labelOf, parseConfiguration } from "../rule/configuration.ts";
import { type Context, type Job, jobOf } from "./cells.ts";
import { type Sweep, sweepOptimum, widen } from "./optimum.ts";
import { planHash } from "./plan.ts";
import {
  type BenchRecord,
  type Cell,
  type Environment,
  type Judgement,
  type Optimum,
  type PlanFacts,
  type Run,
  SCHEMA,
} from "./record.ts";
import { openStore, type Store, writeAtomic } from "./store.ts";
import type { ProfileName, Suite } from "./suite.ts";
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
}

/** One line of the figure: a configuration under a rule. */
interface Line {
  panel: string;
  configuration: string;
  label: string;
  rule: string;
  role: Cell["role"];
  grid: number[];
}

const MAX_REPLICAS = 15;

/** Lines of a suite at a profile; the reference is drawn in every panel and trained once. */
function linesOf(suite: Suite, profileName: ProfileName): Line[] {
  const p = suite.profiles[profileName], from = parseConfiguration(p.reference);
  return p.panels.flatMap((panel) => {
    const line = (text: string, rule: string, role: Cell["role"], grid: number[]): Line => {
      const c = parseConfiguration(text, from);
      return {
        panel: panel.name,
        configuration: formatConfiguration(c),
        label: labelOf(c),
        rule,
        role,
        grid: [...grid],
      };
    };
    return [
      line(p.reference, suite.rule, "reference", p.grid.reference),
      ...panel.targets.map((t) => line(t, suite.rule, "target", p.grid.targets)),
      ...panel.controls.map((t) => line(t, suite.controlRule, "control", p.grid.targets)),
    ];
  });
}

/** The plan as the record keeps it, before any widening. */
export function planOf(suite: Suite, profileName: ProfileName): PlanFacts {
  const p = suite.profiles[profileName];
  const facts = {
    profile: profileName,
    seeds: p.seeds,
    steps: p.steps,
    batchTokens: p.sequences * p.seq,
    sequence: p.seq,
    tolerance_octaves: suite.tolerance_octaves,
    grids: Object.fromEntries(
      linesOf(suite, profileName).map((l) => [`${l.panel}/${l.label}/${l.rule}`, l.grid]),
    ),
  };
  return { ...facts, hash: planHash(facts), exploratory: false };
}

/** Reads or writes `plan.json`; a plan other than the one the runs were made under is exploratory. */
function settlePlan(outDir: string, suite: Suite, plan: PlanFacts, store: Store): PlanFacts {
  const path = `${outDir}/plan.json`;
  try {
    const found = JSON.parse(Deno.readTextFileSync(path)) as { suite?: string; hash?: string };
    if (found.suite === suite.id && found.hash === plan.hash) return plan;
    if (store.runs.size > 0) return { ...plan, exploratory: true };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof SyntaxError)) throw error;
  }
  writeAtomic(path, JSON.stringify({ suite: suite.id, ...plan }, null, 2) + "\n");
  return plan;
}

/** Floats multiplied and added per token, a proxy for time left before anything is measured. */
function work(job: Job): number {
  const { width: d, depth, vocab, ffn } = job.shape;
  const active = ffn.kind === "dense" ? ffn.hidden : (ffn.active + ffn.shared) * ffn.expertWidth;
  return depth * (4 * d * d + 3 * d * active) + d * vocab + 6000;
}

/** How many runs of a shape the adapter holds side by side. */
function replicasThatFit(device: Device, job: Job, tokens: number): number {
  const { ffn } = job.shape, layout = layoutOf(job.shape);
  const rows = ffn.kind === "dense" ? tokens : tokens * ffn.active + 64 * ffn.experts;
  const h = ffn.kind === "dense" ? ffn.hidden : ffn.expertWidth;
  const largest = 4 * Math.max(
    layout.floats,
    rows * Math.max(2 * h, layout.width),
    tokens * layout.vocab,
    tokens * 3 * layout.attention,
  );
  const fits = Math.floor(device.gpu.limits.maxStorageBufferBindingSize / largest);
  return Math.max(1, Math.min(MAX_REPLICAS, fits));
}

/**
 * Runs or resumes a bench.
 *
 * @returns the record, also after an interruption (then `incomplete`); it is not written yet
 * @throws {LabError} when the output directory cannot be used
 * @throws {RangeError} for a text too short
 * @throws {DeviceError} when the GPU refused work
 */
export async function runBench(
  device: Device,
  environment: Environment,
  data: BenchData,
  options: BenchOptions,
): Promise<BenchRecord> {
  const started = performance.now(), { suite, outDir, signal } = options;
  const profile = suite.profiles[options.profile];
  using store = openStore(outDir);
  const plan = settlePlan(outDir, suite, planOf(suite, options.profile), store);
  const warnings = [...store.warnings];
  if (plan.exploratory) {
    warnings.push("the runs in this directory were begun under another plan: exploratory");
  }
  const context: Context = {
    suite,
    profile,
    dataHash: data.hash,
    adapter: `${device.adapter.description}/${device.profile.kernels}/${device.profile.storage}`,
  };
  const corpus = uploadCorpus(device, data.bytes, data.trainBytes);
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

  let incomplete = false;
  try {
    missing(lines); // counts what is there already
    await resolve(lines.filter((l) => l.role === "reference"));
    await resolve(lines.filter((l) => l.role !== "reference"));
  } catch (error) {
    if (!signal.aborted) throw error;
    incomplete = true;
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
  return {
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
      ? `stopped before the last run; so far: ${decision.reason}`
      : decision.reason,
    incomplete,
    cost: {
      wall_s: (performance.now() - started) / 1000,
      trainedRuns,
      reusedRuns,
      trainedTokens: trainedRuns * profile.steps * profile.sequences * profile.seq,
    },
    warnings,
  };
}

/** The words a suite says of itself. */
function factsOf(s: Suite): BenchRecord["suite"] {
  const { id, title, figure, claim, heldFixed, varied, measured, passesIf, control, source } = s;
  return { id, title, figure, claim, heldFixed, varied, measured, passesIf, control, source };
}

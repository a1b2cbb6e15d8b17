/** A suite of claims through the one runner: what it plans, trains, finds, and what it says when stopped. */
import { textDataset } from "../../../model/tasks/language.ts";
import { runBench } from "../../../lab/bench.ts";
import { runsByModel, type SeededModel } from "../../../lab/claims/models.ts";
import { defineClaims, judgedRuns, type Method } from "../../../lab/claims/suite.ts";
import { judge } from "../../../lab/judge/decide.ts";
import { type Environment, recordSchema } from "../../../lab/record/record.ts";
import type { TrainingPlan } from "../../../lab/train/plan.ts";
import { smokePlan } from "../../../suites/plans.ts";
import { withDevice } from "../../with_device.ts";
import { assert, assertEquals, throws } from "../assert.ts";
import { text } from "./workbench.ts";

interface Profile {
  plan: TrainingPlan;
  seeds: number[];
  limits: { loss: number };
}
const modelsOf = ({ seeds }: Profile): SeededModel[] => [
  { panel: "loss", line: "MoE", configuration: "4e2a:d=16,h=8", seeds },
  {
    panel: "loss",
    line: "twin",
    configuration: "4e2a:d=16,h=8",
    role: "control",
    multipliers: { routeScale: 0 },
    seeds: seeds.slice(0, 1),
  },
];
/** Is the loss of the last step below a limit? */
const METHOD: Method<Profile> = judgedRuns(
  modelsOf,
  (p, runs, unit) => ({
    panels: [{
      name: "loss",
      title: "Loss of the last step",
      decides: true,
      chart: "loss",
      mark: "points",
      x: { title: "seed", scale: "linear" },
      y: { title: `loss (${unit})`, scale: "linear" },
      rules: [],
    }],
    points: [],
    judgements: runsByModel(modelsOf(p), runs).flatMap((of, i) =>
      of.map((run) => {
        const estimate = run.trainLoss.at(-1)!, value = { estimate, lo: estimate, hi: estimate };
        return judge({
          panel: "loss",
          subject: `seed ${run.cell.seed}`,
          variant: modelsOf(p)[i].line,
          role: i === 0 ? "claim" : "control",
          measures: [{ name: "loss", unit, value, limits: { hi: p.limits.loss } }],
        });
      })
    ),
    tables: [],
    caveats: [],
  }),
);
const profile = { plan: { ...smokePlan, steps: 4 }, seeds: [0, 1], limits: { loss: 9 } };
const SUITE = defineClaims({
  id: "made-up",
  version: "1",
  title: "Made up",
  figure: "none",
  claim: "a loss is low",
  heldFixed: "all",
  varied: "nothing",
  measured: "loss",
  passesIf: "it is low",
  control: "a twin",
  source: "none",
  method: METHOD,
  profiles: { smoke: profile, quick: profile, paper: profile },
  probes_s: { smoke: 1, quick: 2, paper: 3 },
});

Deno.test("a plan holds the profile, limits and all, names every model and the text it needs", () => {
  const { decided, lines, trainings } = SUITE.plan("quick");
  assertEquals(decided, profile);
  assertEquals(trainings, [profile.plan]);
  assertEquals(lines, [
    "3 models",
    "4e2a:d=16,h=8 complete-mue × 2",
    '4e2a:d=16,h=8 complete-mue, {"routeScale":0} × 1',
  ]);
  const { jobs, other_s, timed_s } = SUITE.estimate("quick");
  assertEquals([jobs.length, other_s, timed_s], [3, 2, 0]);
  assertEquals([new Set(jobs.map(({ job }) => job.key)).size, SUITE.task], [3, "language"]);
});

Deno.test("a suite's task is its plan's, and language where the plan names none", () => {
  const other = { ...profile, plan: { ...profile.plan, task: "regression" } };
  const all = { smoke: other, quick: other, paper: other };
  assertEquals([SUITE.changed({}, all).task, SUITE.task], ["regression", "language"]);
});

Deno.test("a changed suite keeps its method and measures other sizes", () => {
  const one = { ...profile, seeds: [7] };
  const changed = SUITE.changed({ options: "--one" }, { ...SUITE.profiles, smoke: one });
  assertEquals([changed.options, changed.id, SUITE.options], ["--one", "made-up", undefined]);
  assertEquals(changed.estimate("smoke").jobs.length, 2);
  assertEquals(changed.estimate("quick").jobs.length, 3);
  assert("method" in SUITE === false, "a suite shows its kind in what it does alone");
});

Deno.test("runs of a line come by seed, and others are refused", () => {
  throws(() => runsByModel(modelsOf(profile), []), /Cannot judge 2 lines: 0 runs of 3/);
});

Deno.test("the runner trains, records each run where it is drawn, reuses it, and is silent when stopped", () =>
  withDevice({}, async (device) => {
    const dir = await Deno.makeTempDir();
    try {
      const bytes = text(), context = new AbortController();
      const options = {
        device,
        environment: {
          adapter: "",
          vendor: "",
          architecture: "",
          software: true,
          backend: "",
          profile: "",
          tuning: "none",
          identity: "llvmpipe/software/texture",
          driver: null,
          features: [],
          limits: {},
          deno: "",
          v8: "15",
          lock: null,
          load: null,
          os: "",
          cpus: 1,
          gitCommit: null,
          version: "",
          kernelsVersion: "",
        } satisfies Environment,
        profile: "smoke" as const,
        data: textDataset({ name: "made up", bytes, trainBytes: 3000, hash: "t", licence: "none" }),
        inputs: { histogram: null, folders: [] },
        outDir: `${dir}/made-up`,
        storeDir: dir,
        signal: context.signal,
        onProgress() {},
      };
      const { record, failure } = await runBench(SUITE, options);
      assertEquals(failure, null);
      assertEquals(recordSchema.parse(JSON.parse(JSON.stringify(record))), record);
      const { evidence, findings, cost, plan } = record!;
      assert(evidence.kind === "claims");
      assertEquals(evidence.runs.map((r) => [r.cell.role, r.cell.seed]), [
        ["target", 0],
        ["target", 1],
        ["control", 0],
      ]);
      assertEquals([cost.trainedRuns, cost.reusedRuns, plan.exploratory], [3, 0, false]);
      assertEquals(findings.judgements.map((j) => [j.measures[0].unit, j.verdict]), [
        ["nats", "pass"],
        ["nats", "pass"],
        ["nats", "pass"],
      ]);
      // the same models against another limit: nothing trains, another plan, another verdict
      const strict = { ...profile, limits: { loss: 0 } };
      const again = await runBench(
        SUITE.changed({}, { ...SUITE.profiles, smoke: strict }),
        options,
      );
      assertEquals([again.record!.cost.trainedRuns, again.record!.verdict], [0, "fail"]);
      assertEquals([again.record!.plan.exploratory, again.record!.plan.hash === plan.hash], [
        true,
        false,
      ]);
      context.abort();
      const more = SUITE.changed({}, {
        ...SUITE.profiles,
        smoke: { ...profile, seeds: [0, 1, 2] },
      });
      assertEquals(await runBench(more, options), { record: null, failure: null });
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  }));

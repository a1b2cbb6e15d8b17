/** A task that is not language goes through suite, bench, store, judge, record and report as they are. */
import assert from "node:assert/strict";
import { runBench } from "../../lab/bench.ts";
import { readRecord } from "../../lab/record/read.ts";
import type { TransferProfile } from "../../lab/transfer/declaration.ts";
import { defineTransfer } from "../../lab/transfer/suite.ts";
import { terminalSummary } from "../../reports/media/terminal.ts";
import { reportOf } from "../../reports/sections/index.ts";
import { writeReport } from "../../reports/write.ts";
import { vectors } from "../model/tasks/regression.ts";
import { REGRESSION_PLAN } from "../model/tasks/regression_runs.ts";
import { withDevice } from "../with_device.ts";
import { ENVIRONMENT } from "./runs.ts";

const target = "4e2a:d=16,h=8";
const profile: TransferProfile = {
  plan: REGRESSION_PLAN,
  panels: [{ name: "transfer", targets: [target], controls: [target] }],
  seeds: [0, 1],
  grid: { reference: [-7, -6, -5, -4], targets: "bracket" },
  limits: { tolerance_octaves: 1, minRegret: 0.01 },
};
const suite = defineTransfer({
  id: "regression",
  version: "1",
  title: "Regression on vectors",
  figure: "none (a test)",
  claim: "The rule carries the learning rate of another task too",
  heldFixed: "vectors, steps, seeds",
  varied: "width and experts",
  source: "a test",
  control: { rule: "standard", on: "the target" },
  profiles: { smoke: profile, quick: profile, paper: profile },
});

Deno.test("a second task is benched, judged and reported in its own words", () =>
  withDevice({}, async (device) => {
    const dir = await Deno.makeTempDir();
    try {
      assert.equal(suite.task, "regression");
      const options = {
        device,
        environment: ENVIRONMENT,
        profile: "smoke" as const,
        data: vectors(),
        inputs: { histogram: null, folders: [] },
        outDir: dir,
        storeDir: dir,
        signal: new AbortController().signal,
        onProgress() {},
      };
      const { record, failure } = await runBench(suite, options);
      assert.equal(failure, null);
      assert.deepEqual(record!.task, {
        id: "regression",
        loss: { name: "squared error", unit: "squares" },
      });
      const { evidence, findings } = record!;
      assert.ok(evidence.kind === "transfer" && evidence.runs.length >= 20);
      assert.ok(evidence.runs.every((run) => run.validationLoss !== null));
      assert.deepEqual(findings.judgements.map((j) => [j.role, j.measures[1].unit]), [
        ["claim", "squares"],
        ["control", "squares"],
      ]);
      // again: everything is found in the store, and decided alike
      const again = (await runBench(suite, options)).record!;
      assert.deepEqual([again.cost.trainedRuns, again.verdict], [0, record!.verdict]);
      assert.deepEqual(again.findings, findings);
      const paths = await writeReport(record!, dir);
      assert.deepEqual(await readRecord(`${dir}/record.json`), record);
      const texts = [terminalSummary(reportOf(record!))];
      for (const path of paths.filter((p) => /\.(md|csv|tex|xml|vl\.json|svg)$/.test(p))) {
        texts.push(await Deno.readTextFile(path));
      }
      const page = await Deno.readTextFile(`${dir}/report.html`);
      texts.push(page.replace(/<script[\s\S]*?<\/script>/g, ""));
      for (const text of texts) {
        assert.ok(!/\bnats\b|\bvocabulary\b|State of the Union/i.test(text), text.slice(0, 300));
      }
      assert.ok(page.includes("squares"));
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  }));

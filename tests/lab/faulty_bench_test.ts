/** A bench on a machine that computes otherwise at its end says so in its record, and is not believed. */
import assert from "node:assert/strict";
import { type BenchOptions, runBench } from "../../lab/bench.ts";
import { checkAlone } from "../../lab/check.ts";
import type { TransferProfile } from "../../lab/transfer/declaration.ts";
import { defineTransfer } from "../../lab/transfer/suite.ts";
import { Canary } from "../../lab/train/canary.ts";
import { UntrustedError } from "../../kernels/gpu/device.ts";
import { faultyDevice } from "../faulty_device.ts";
import { withDevice } from "../with_device.ts";
import { DATA, PLAN } from "./known_jobs.ts";
import { ENVIRONMENT } from "./runs.ts";

const target = "dense:d=16,L=1,H=8,dh=4";
const profile: TransferProfile = {
  plan: { ...PLAN, steps: 10 },
  panels: [{ name: "transfer", targets: [target], controls: [target] }],
  seeds: [0, 1],
  grid: { reference: [-7, -6, -5, -4], targets: "bracket" },
  limits: { tolerance_octaves: 1, minRegret: 0.01 },
};
const suite = defineTransfer({
  id: "letters",
  version: "1",
  title: "Letters",
  figure: "none (a test)",
  claim: "What a faulty machine says is not believed",
  heldFixed: "letters, steps, seeds",
  varied: "width",
  source: "a test",
  control: { rule: "standard", on: "the target" },
  profiles: { smoke: profile, quick: profile, paper: profile },
});

Deno.test("a bench trains the canary before and after, one run again, and trusts neither when they change", () =>
  withDevice({}, async (good) => {
    const { device, faults } = faultyDevice(good), dir = await Deno.makeTempDir();
    const canary = new Canary(device);
    const options = (name: string): BenchOptions => ({
      device,
      canary,
      environment: ENVIRONMENT,
      profile: "smoke",
      data: DATA,
      inputs: { histogram: null, folders: [] },
      outDir: `${dir}/${name}`,
      storeDir: `${dir}/${name}`,
      signal: new AbortController().signal,
      onProgress: ({ label }) => {
        // the last that trains before the canary is one run, once more
        if (/once more/.test(label)) again();
      },
    });
    let again = () => {};
    try {
      const { record, failure } = await runBench(suite, options("sound"));
      const { trust: { canary: sung, trainedAgain }, incomplete, cost } = record!;
      assert.equal(failure, null);
      assert.equal(sung!.after, sung!.before);
      assert.deepEqual([trainedAgain, incomplete], [1, false]);
      // nothing was trained, so nothing can be trained again
      const idle = (await runBench(suite, options("sound"))).record!;
      assert.deepEqual([idle.trust, idle.cost.trainedRuns], [{ canary: sung, trainedAgain: 0 }, 0]);

      again = () => faults.drop = (kernel, n) => kernel === "adamw" && n % 2 === 0;
      const faulty = await runBench(suite, options("faulty"));
      const found = faulty.record!, said = /Cannot trust the runs: .* trained again .* otherwise/;
      assert.ok(faulty.failure instanceof UntrustedError);
      assert.match(faulty.failure.message, said);
      assert.ok(found.warnings.some((text) => said.test(text)), found.warnings.join("\n"));
      assert.deepEqual([found.incomplete, found.verdict], [true, "inconclusive"]);
      assert.deepEqual(found.trust, {
        canary: { before: sung!.before, after: null },
        trainedAgain: 0,
      });
      assert.equal(found.cost.trainedRuns, cost.trainedRuns);
      assert.ok(checkAlone(found).every(({ state }) => state === "ok"));

      // and where nothing is left to train, the canary tells
      const later = await runBench(suite, options("sound")), named = later.record!;
      assert.match(
        `${later.failure}`,
        /UntrustedError: Cannot trust this process's device: the canary changed, its digest is/,
      );
      assert.ok(named.warnings.some((text) => /the canary changed/.test(text)));
      assert.deepEqual([named.incomplete, named.verdict], [true, "inconclusive"]);
      assert.deepEqual(named.trust.canary, { before: sung!.before, after: null });
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  }));

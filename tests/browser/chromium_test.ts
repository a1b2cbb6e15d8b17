/**
 * A second implementation of WebGPU: the page's kernels in headless Chromium (Dawn, Tint, SwiftShader)
 * beside Deno's (wgpu, naga, the adapter here). Where there is no Chromium nothing is compared, and the
 * log and the last line of the tests say so.
 */
import assert from "node:assert/strict";
import type { Given } from "../../browser/given.ts";
import { textOf } from "../../browser/given.ts";
import { PLAN, trainShortly } from "../../browser/training.ts";
import { compareCommand } from "../../commands/compare.ts";
import { pageNow } from "../../commands/page.ts";
import type { DeviceProfile } from "../../kernels/gpu/device.ts";
import { planOf } from "../../lab/assemble.ts";
import { readRecord } from "../../lab/record/read.ts";
import type { BenchRecord } from "../../lab/record/record.ts";
import type { Run } from "../../lab/record/run.ts";
import type { SelfTestLine } from "../../model/check/selftest.ts";
import { latency } from "../../suites/latency.ts";
import { TOLERANCES } from "../tolerances.ts";
import { withDevice } from "../with_device.ts";
import { Chromium, findChromium } from "./chromium.ts";

const program = findChromium();
if (program === null) {
  console.error(
    "SKIPPED: no chromium is installed, so the kernels are NOT compared with a second " +
      "implementation of WebGPU (Debian: apt-get install chromium)",
  );
}

/** Seconds that one thing the page does may take, on a machine that has other work too. */
const PATIENCE_S = 400;

let page: ReturnType<typeof pageNow> | null = null;

/** Opens the page in a browser, and says what it was built with. */
async function withPage(
  kernels: DeviceProfile["kernels"],
  body: (browser: Chromium, given: Given) => Promise<void>,
): Promise<void> {
  const { html, given } = await (page ??= pageNow());
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/index.html`, html);
    const browser = await Chromium.open(
      program!,
      `file://${folder}/index.html?kernels=${kernels}`,
    );
    try {
      await idle(browser);
      await body(browser, given);
    } finally {
      await browser.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Waits until the page can be asked for something. */
async function idle(browser: Chromium): Promise<void> {
  const until = performance.now() + 1000 * PATIENCE_S;
  for (;;) {
    const state = await browser.value<string | undefined>("globalThis.mueBench?.state");
    if (state === "ready") return;
    assert.ok(state === undefined || state === "busy", `the page says: ${state}`);
    assert.ok(performance.now() < until, `not done after ${PATIENCE_S} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Clicks a button, waits, and gives what was found. */
async function ask<T>(browser: Chromium, part: string, button: string, found: string): Promise<T> {
  const selector = `#${part} button[value="${button}"]`;
  await browser.value(`document.querySelector(${JSON.stringify(selector)}).click()`);
  await idle(browser);
  return await browser.value<T>(`mueBench.${found}`);
}

/** The largest relative difference of two trainings' losses, that on held-out text among them. */
function difference(a: Run, b: Run): number {
  const [all, others] = [a, b].map((run) => [...run.trainLoss, run.validationLoss ?? NaN]);
  assert.equal(all.length, PLAN.steps + 1);
  assert.equal(others.length, all.length);
  return Math.max(...all.map((loss, i) => Math.abs(loss - others[i]) / Math.abs(others[i])));
}

for (const kernels of ["software", "gpu"] as const) {
  Deno.test({
    name: `Chromium trains as Deno does with ${kernels} kernels`,
    ignore: program === null,
    fn: () =>
      withPage(kernels, async (browser, given) => {
        const run = await ask<Run>(browser, "train", "train", "run");
        assert.deepEqual(await browser.value("mueBench.errors"), []);
        const bound = TOLERANCES.implementations.bound;
        await withDevice({ kernels, storage: "buffer" }, async (device) => {
          const here = await trainShortly(device, textOf(given)), found = difference(run, here);
          console.error(
            `losses of ${PLAN.steps} steps, ${kernels} kernels: at most ${found} apart`,
          );
          assert.ok(found <= bound, `${found} over ${bound}`);
          // the bound notices a hundredth more of what moves the weights least
          const base = { ...PLAN.base, weightDecay: 1.01 * PLAN.base.weightDecay };
          const other = difference(
            run,
            await trainShortly(device, textOf(given), { ...PLAN, base }),
          );
          assert.ok(other > 3 * bound, `a changed weight decay is ${other} away, bound ${bound}`);
        });
      }),
  });
}

Deno.test({
  name: "Chromium passes the short self-test, and measures a record that compare reads",
  ignore: program === null,
  fn: () =>
    withPage("software", async (browser) => {
      const { ok, lines } = await ask<{ ok: boolean; lines: SelfTestLine[] }>(
        browser,
        "check",
        "short",
        "selfTest",
      );
      assert.ok(ok, JSON.stringify(lines));
      assert.ok(lines[0].quantities > 35 && lines[0].worst!.error > 0);
      const { error, quantity } = lines[0].worst!;
      console.error(`self-test in Chromium: ${error} at ${quantity}`);

      const found = await ask<BenchRecord>(browser, "latency", "smoke", "record");
      const folder = await Deno.makeTempDir(), path = `${folder}/record.json`;
      try {
        await browser.download('document.querySelector("a.save").click()', folder);
        const record = await readRecord(path), { environment, plan, cost } = record;
        assert.deepEqual(record, found);
        assert.equal(plan.hash, planOf(latency, "smoke", null).hash);
        assert.equal(record.incomplete, false);
        assert.match(environment.browser!, /Chrome\/\d+/);
        assert.match(environment.adapter, /swiftshader/);
        assert.deepEqual([environment.software, cost.coresBusy], [true, null]);
        assert.equal(await compareCommand([`a=${path}`, `b=${path}`]), 0);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    }),
});

Deno.test("where no Chromium is in the search path, none is found", () => {
  assert.equal(findChromium(""), null);
  assert.equal(findChromium("/nowhere:/nothing"), null);
});

/**
 * Trains with the kernels what docs/torch_dit_twin.py trains in PyTorch, and prints the same numbers: the diffusion
 * suites' quick reference and 16e4a under complete-mue.
 *
 *     deno run -A docs/kernels_dit_twin.ts dense,16e4a -6,-4 [SEEDS]
 *
 * For each model and log2 LR of the reference the mean held-out squared error of the seeds 0 … SEEDS − 1 (3)
 * and their standard deviation, on nearly all held-out images (the quick suites validate on 288 of them). Run `deno ci` first.
 *
 * @module
 */
import { loadMnist } from "../fixtures/mnist.ts";
import { openDevice } from "../kernels/gpu/device.ts";
import { trainGroup } from "../lab/train/group.ts";
import { contextOf, jobOf } from "../lab/train/job.ts";
import { imageDataset } from "../model/tasks/diffusion.ts";
import { parseConfiguration } from "../rule/configuration.ts";
import { IMAGES_WIDE, quickImages } from "../suites/images.ts";

const from = parseConfiguration(quickImages.reference);
const MODELS: Record<string, string> = {
  dense: quickImages.reference,
  "16e4a": `16e4a:${IMAGES_WIDE}`,
};

const [names, exponents, count = "3"] = Deno.args;
const device = await openDevice(), set = imageDataset(await loadMnist());
const evaluationBatches = Math.floor(set.heldOutUnits / quickImages.sequences);
const plan = { ...quickImages, evaluationBatches }, context = contextOf(set, device);
const data = set.upload(device), { signal } = new AbortController();
for (const name of names.split(",")) {
  const to = parseConfiguration(MODELS[name], from);
  for (const log2x of exponents.split(",").map(Number)) {
    const began = performance.now();
    const jobs = Array.from({ length: Number(count) }, (_, seed) => {
      const cell = {
        panel: "twin",
        configuration: MODELS[name],
        label: name,
        rule: "complete-mue",
        role: "target",
        swept: "lr",
        log2x,
        seed,
      } as const;
      return jobOf({ cell, from, to }, plan, context);
    });
    const runs = await trainGroup(device, data, jobs, () => {}, signal);
    const losses = runs.map((run) => run.validationLoss ?? NaN);
    const mean = losses.reduce((a, b) => a + b, 0) / losses.length;
    const squares = losses.reduce((sum, x) => sum + (x - mean) ** 2, 0);
    const sd = Math.sqrt(squares / (losses.length - 1));
    const each = losses.map((x) => x.toFixed(4)).join(", ");
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(
      `${name} 2^${log2x}: ${mean.toFixed(4)}, seeds ${sd.toFixed(4)} (${each}), ${seconds} s`,
    );
  }
}
data.destroy();
device.close();

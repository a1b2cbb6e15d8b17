/** Plans that follow the size of a user's images. */
import assert from "node:assert/strict";
import { planOf } from "../../lab/assemble.ts";
import type { ProfileName, Suite } from "../../lab/suite.ts";
import type { TransferProfile } from "../../lab/transfer/declaration.ts";
import { imageDataset } from "../../model/tasks/diffusion.ts";
import { suiteById, SUITES } from "../../suites/registry.ts";
import { withImages } from "../../suites/with_images.ts";
import { withRouter } from "../../suites/with_router.ts";

/** Images of a size, as many as a smoke plan wants. */
function images(side: number, channels = 1, file: string | undefined = "my pics") {
  const labels = new Uint8Array(40), pixels = new Uint8Array(40 * channels * side * side);
  const about = { name: "pics", hash: "h", licence: "none", classes: 1, file };
  return imageDataset({ ...about, channels, side, pixels, labels, trained: 20 });
}

const ofImages = SUITES.filter(({ task }) => task === "diffusion");
const changed = (id: string, side: number, profile: ProfileName = "smoke") =>
  withImages(suiteById(id), images(side), profile) as Suite<TransferProfile>;

Deno.test("every suite on images takes any square size, and none on text is touched", () => {
  assert.ok(ofImages.length >= 7);
  for (const suite of SUITES) {
    const made = withImages(suite, images(8, 3), "quick");
    if (suite.task !== "diffusion") {
      assert.equal(made, suite, suite.id);
      continue;
    }
    for (const { seq } of made.plan("quick").trainings) assert.equal(seq, 4, suite.id);
    assert.notEqual(planOf(made, "quick", "h").hash, planOf(suite, "quick", "h").hash);
    assert.match(
      made.heldFixed,
      /; images of 8 × 8 pixels \(RGB\), patches an image 4 where the suite is declared for 49$/,
    );
    assert.equal(made.options, "--data my pics");
    // no number of the declared size is left
    assert.doesNotMatch(JSON.stringify(made.plan("quick").decided), /"seq":49/, suite.id);
  }
});

Deno.test("images of the declared size leave a suite as it is", () => {
  for (const suite of ofImages) assert.equal(withImages(suite, images(28, 3), "quick"), suite);
});

Deno.test("a model's own batch and duration stay as many images", () => {
  const targets = (suite: Suite<TransferProfile>) => suite.profiles.smoke.panels[0].targets;
  assert.deepEqual(targets(suiteById("batch-diffusion") as Suite<TransferProfile>), [
    "dense:B=98,D=3920",
    "dense:B=392,D=3920",
  ]);
  assert.deepEqual(targets(changed("batch-diffusion", 8)), ["dense:B=8,D=320", "dense:B=32,D=320"]);
  assert.deepEqual(targets(changed("batch-diffusion", 40)), [
    "dense:B=200,D=8000",
    "dense:B=800,D=8000",
  ]);
  const { controls } = changed("batch-diffusion", 8).profiles.smoke.panels[0];
  assert.deepEqual(controls, ["dense:B=32,D=320"]);
});

Deno.test("probes keep their tokens per step, rounded up to whole images", () => {
  for (const id of ["bridges-diffusion", "coordinate-check-diffusion"]) {
    const sequences = (side: number) => changed(id, side).plan("smoke").trainings[0].sequences;
    assert.deepEqual([28, 4, 8, 12, 64].map(sequences), [2, 98, 25, 11, 1], id);
  }
});

Deno.test("own images go with another router; the profiles that are not run stay", () => {
  const routed = withRouter(suiteById("capacity-diffusion"), "gate=softmax", "smoke");
  const made = withImages(routed, images(12), "smoke") as Suite<TransferProfile>;
  assert.equal(made.options, "--router gate=softmax --data my pics");
  assert.match(made.heldFixed, /not the paper's; images of 12 × 12 pixels \(grey\), .* 9 where/);
  assert.deepEqual([made.profiles.smoke.plan.seq, made.profiles.quick.plan.seq], [9, 49]);
  assert.match(made.profiles.smoke.panels[0].targets[0], /gate=softmax/);
});

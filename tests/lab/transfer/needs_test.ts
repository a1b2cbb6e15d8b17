import { judgeTarget } from "../../../lab/transfer/judge.ts";
import { needsOfTarget } from "../../../lab/transfer/needs.ts";
import { random } from "../../../lab/statistics/resample.ts";
import type { Sweep } from "../../../lab/statistics/optimum.ts";
import type { Role } from "../../../lab/record/findings.ts";
import { assert, assertEquals } from "../assert.ts";
import {
  asymmetric,
  type Bowl,
  commonParts,
  flat,
  GRID,
  sweepOf,
  symmetric,
} from "../statistics/bowls.ts";

const LIMITS = { tolerance_octaves: 1, minRegret: 0.01 };
const steep: Bowl = (u) => 1.6 * symmetric(u);

/** A sweep of three seeds whose mean curve is the bowl itself, and whose noise is of the size asked for. */
function exact(bowl: Bowl, optimum: number, sd: number): Sweep {
  const orders = [[1, -1, 0], [0, 1, -1], [-1, 0, 1], [-1, 1, 0], [0, -1, 1], [1, 0, -1]];
  // seed effects taken out of five points leave a little less
  const size = sd * Math.sqrt(1.2);
  return {
    log2x: GRID,
    loss: GRID.map((x, g) => orders[g % 6].map((e) => 2.02 + bowl(x - optimum) + size * e)),
  };
}

function asked(shift: number, sd: number, role: Role = "claim", bowl: Bowl = steep, own = LIMITS) {
  const a = exact(asymmetric, -5.3, sd), b = exact(bowl, -5.3 + shift, sd);
  const names = { panel: "transfer", subject: "16e4a", variant: "any", role };
  const judged = judgeTarget(names, a, b, own, "nats");
  return { judged, needs: needsOfTarget(judged, a, b, own, "nats") };
}

/** Share of benches of so many seeds with this verdict. */
function share(seeds: number, shift: number, sd: number, verdict: string, trials = 60): number {
  const stream = random(31), names = { panel: "t", subject: "m", variant: "v", role: "claim" };
  let found = 0;
  for (let trial = 0; trial < trials; trial++) {
    const common = commonParts(seeds, stream);
    const a = sweepOf(asymmetric, -5.3, common, { sd }, stream);
    const b = sweepOf(steep, -5.3 + shift, common, { sd }, stream);
    const judged = judgeTarget({ ...names, role: "claim" }, a, b, LIMITS, "nats");
    if (judged.verdict === verdict) found++;
  }
  return found / trials;
}

Deno.test("the seeds that are named decide a shift in most benches, and three do not", () => {
  for (const [shift, sd] of [[-1.7, 0.012], [-1.6, 0.01], [-1.8, 0.02]]) {
    const { judged, needs } = asked(shift, sd);
    assertEquals(judged.verdict, "inconclusive");
    assert(needs !== null && needs.decisive !== null && needs.seeds === 3, JSON.stringify(needs));
    assertEquals(needs.verdict, "fail");
    const found = share(needs.decisive, shift, sd, "fail");
    assert(found >= 0.58, `${needs.decisive} seeds decide in ${found}`);
    assert(share(3, shift, sd, "fail") < found - 0.15, `${needs.decisive} seeds: ${found}`);
  }
});

Deno.test("on the tolerance no number of seeds decides, and the model error is what stays", () => {
  const { judged, needs } = asked(-1, 0.01);
  assertEquals(judged.verdict, "inconclusive");
  assertEquals(needs!.decisive, null);
  assert(needs!.rest > 0.02 && needs!.rest < 0.5, `${needs!.rest}`);
  // less noise at once leaves the same
  assert(Math.abs(asked(-1, 0.001).needs!.rest - needs!.rest) < 0.02);
});

Deno.test("a control that passes says how many times as far it would have to be, or that nothing says so", () => {
  const limits = { tolerance_octaves: 0.5, minRegret: 0.04 };
  const { judged, needs } = asked(-1.2, 0.002, "control", steep, limits);
  assertEquals(judged.verdict, "pass");
  assertEquals(needs!.decisive, null);
  const { further } = needs!;
  assert(further! > 1 && further! < 3, `${further}`);
  // there it is seen to fail, and at half of the way to there it is not
  assertEquals(asked(-1.2 * further!, 0.002, "control", steep, limits).judged.verdict, "fail");
  const half = 1 + (further! - 1) / 2;
  assert(asked(-1.2 * half, 0.002, "control", steep, limits).judged.verdict !== "fail");
  assertEquals(asked(-0.1, 0.004, "control", flat).needs!.further, null);
});

Deno.test("what is decided or open needs nothing", () => {
  assertEquals(asked(0.1, 0.003).needs, null);
  assertEquals(asked(-2, 0.003, "control").needs, null);
  assertEquals(asked(6, 0.003).needs, null);
});

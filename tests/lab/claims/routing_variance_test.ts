/** The routing-variance factor: its closed forms, its judge, and a device's gates against drawn logits. */
import {
  drawRoutingVariance,
  judgeRoutingVariance,
  measureRoutingVariance,
  type RoutingVariance,
  type RoutingVarianceCase,
  varianceFactor,
} from "../../../lab/claims/routing_variance.ts";
import { decide } from "../../../lab/judge/decide.ts";
import { random } from "../../../lab/statistics/resample.ts";
import { coordinateCheck } from "../../../suites/coordinate_check.ts";
import { withDevice } from "../../with_device.ts";
import { assert, assertEquals, assertNear, throws } from "../assert.ts";
import { workbench } from "./workbench.ts";

const SMOKE = coordinateCheck.profiles.smoke, CASE = SMOKE.routing!;
const [, UNIT] = CASE.inits;

Deno.test("F is 1 for even gates under R = a, a where one expert takes all, and (R g)²/a in between", () => {
  assertNear(varianceFactor(new Float32Array(12).fill(1 / 4), 4, 4), 1, 1e-12);
  assertNear(varianceFactor(Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0), 4, 4), 4, 1e-12);
  assertNear(varianceFactor(Float32Array.of(0.75, 0.25), 2, 2), 1.25, 1e-7);
  // sigmoid-raw at zero logits: gates 1/2, R = 2
  assertNear(varianceFactor(new Float32Array(8).fill(0.5), 4, 2), 1, 1e-12);
});

/** Made-up factors: the claim's gate at each init, the control's, and all else at 1. */
function made(claimed: number, control: number, noise = 0.002): RoutingVariance[] {
  return CASE.gates.flatMap((gate) =>
    CASE.inits.flatMap(({ name: init }) =>
      CASE.mixtures.map((mixture) => {
        const isControl = gate === CASE.control.gate && init === CASE.control.init &&
          mixture.experts === CASE.control.experts;
        const F = isControl ? control : gate === CASE.gates[0] && init === UNIT.name ? claimed : 1;
        return { ...mixture, gate, init, F: [F, F + noise, F - noise] };
      })
    )
  );
}
const verdict = (...of: Parameters<typeof made>) =>
  decide(judgeRoutingVariance(made(...of), CASE)).verdict;

Deno.test("gates that stay even pass, uneven ones fail, and a control that stays even tells nothing", () => {
  assertEquals(verdict(1.003, 2), "pass");
  assertEquals(verdict(1.2, 2), "fail");
  assertEquals(verdict(0.8, 2), "fail");
  assertEquals(verdict(1.003, 1.01), "cannot tell at this size");
  assertEquals(verdict(1.003, 2, 0.1), "inconclusive");
  const alone = made(1, 2).map((of) => ({ ...of, F: of.F.slice(0, 1) }));
  assert(judgeRoutingVariance(alone, CASE).every((j) => j.verdict === "inconclusive"));
  const other = { ...CASE, control: { ...CASE.control, active: 3 } };
  throws(() => judgeRoutingVariance(made(1, 2), other), /no 4e3a under softmax/);
});

Deno.test("the table has a row per gate and init, a column per mixture, and points are all of them", () => {
  const { tables: [table], points } = drawRoutingVariance(made(1, 2), CASE);
  assertEquals(table.rows.length, CASE.gates.length * CASE.inits.length);
  for (const row of table.rows) assertEquals(row.length, table.columns.length);
  assertEquals(points.length, table.rows.length * CASE.mixtures.length);
});

/** F of normal logits of a std, drawn and picked here: softmax or sigmoid over the a largest of N. */
function drawn(experts: number, active: number, std: number, weigh: (l: number) => number): number {
  const stream = random(3), tokens = 20000;
  let sum = 0;
  for (let t = 0; t < tokens; t++) {
    const logits = Array.from({ length: experts }, () => std * stream.normal());
    const picked = logits.sort((a, b) => b - a).slice(0, active).map(weigh);
    const total = picked.reduce((a, b) => a + b, 0);
    sum += picked.reduce((s, v) => s + (v / total) ** 2, 0);
  }
  return active * sum / tokens;
}

Deno.test("a device's gates have the F of normal logits, and sigmoids are more even than softmax", () =>
  withDevice({}, async (device) => {
    // more tokens and seeds than the smoke profile, for a narrow mean
    const plan = { ...SMOKE, sequences: 8, seq: 16, seeds: [0, 1, 2, 3, 4, 5, 6, 7] };
    const c: RoutingVarianceCase = { ...CASE, gates: ["sigmoid", "softmax"] };
    const found = await measureRoutingVariance(plan, c, SMOKE.rule, workbench(device));
    assertEquals(found.length, 2 * 2 * 2);
    const of = (gate: string, init: string, active: number) => {
      const { F } = found.find((f) => f.gate === gate && f.init === init && f.active === active)!;
      return F.reduce((a, b) => a + b, 0) / F.length;
    };
    const sigmoid = (l: number) => 1 / (1 + Math.exp(-l));
    for (const { experts, active } of c.mixtures) {
      for (const { name, logitStd } of c.inits) {
        const [even, uneven] = [of("sigmoid", name, active), of("softmax", name, active)];
        const excess = (gate: number, weigh: (l: number) => number) =>
          (gate - 1) / (drawn(experts, active, logitStd, weigh) - 1);
        // few directions of a seed's router: the excess is known to a third
        assertNear(excess(even, sigmoid), 1, 0.35);
        assertNear(excess(uneven, Math.exp), 1, 0.35);
        assert(even >= 1 && even < uneven, `${even} ${uneven}`);
      }
    }
    assert(of("softmax", UNIT.name, 8) > 1 + c.limit);
  }));

/** The coordinate check judges without an eye, and notices a missing R or A. */
import nodeAssert from "node:assert/strict";
import {
  type CheckAxis,
  type CheckProfile,
  type Curve,
  drawCurves,
  judgeCurves,
  measureCoordinates,
  measureCurves,
  sizeOf,
} from "../../../lab/claims/coordinate_check.ts";
import {
  COORDINATES,
  coordinatesOf,
  gateEntropy,
  rms,
  rmsChange,
} from "../../../lab/claims/coordinates.ts";
import type { Variant } from "../../../lab/claims/probe_models.ts";
import { decide } from "../../../lab/judge/decide.ts";
import { parseConfiguration } from "../../../rule/configuration.ts";
import { coordinateCheck } from "../../../suites/coordinate_check.ts";
import { withDevice } from "../../with_device.ts";
import { assert, assertEquals, assertNear, throws } from "../assert.ts";
import { workbench } from "./workbench.ts";

const RULE: Variant = { name: "complete-mue", rule: "complete-mue" };
const SP: Variant = { name: "standard", rule: "standard" };
const AXIS: CheckAxis = {
  name: "H",
  size: "H",
  configurations: [],
  controls: ["delta"],
  asides: [],
  also: [],
};

/** A made-up curve whose init and delta grow by given powers, seeds apart by a little. */
function curve(variant: Variant, init: number, delta: number, noise = 0.01): Curve {
  const x = [16, 32, 64, 128, 256];
  const grown = (p: number) =>
    x.map((v, i) => [0, 1, 2].map((k) => v ** p * 2 ** (noise * Math.sin(3 * i + 7 * k))));
  const y = Object.fromEntries(Object.keys(COORDINATES).map((name) => [name, grown(0)]));
  return {
    axis: AXIS,
    variant,
    x,
    y: { ...y, init: grown(init), delta: grown(delta) } as Curve["y"],
  };
}

const JUDGED = { rule: RULE, control: SP, limits: { init: 1 / 8, change: 1 / 4 } };
const verdict = (...curves: Curve[]) => decide(judgeCurves(curves, JUDGED)).verdict;

Deno.test("flat curves pass where the control is seen to grow", () => {
  assertEquals(verdict(curve(RULE, 0, 0.05), curve(SP, 0, 0.5)), "pass");
});

Deno.test("a rule whose output or change grows by the smallest wrong power fails", () => {
  assertEquals(verdict(curve(RULE, 0.5, 0), curve(SP, 0, 0.5)), "fail");
  assertEquals(verdict(curve(RULE, 0, -0.5), curve(SP, 0, 0.5)), "fail");
});

Deno.test("a control that stays flat leaves nothing to tell, and noise leaves it open", () => {
  assertEquals(verdict(curve(RULE, 0, 0), curve(SP, 0, 0)), "cannot tell at this size");
  assertEquals(verdict(curve(RULE, 0, 0, 3), curve(SP, 0, 0.5)), "inconclusive");
  const zero = curve(RULE, 0, 0);
  zero.y.delta[1][0] = 0;
  const [, delta] = judgeCurves([zero], JUDGED);
  assertEquals([delta.verdict, delta.measures[0].value], ["inconclusive", null]);
  assert(/missing, zero/.test(delta.measures[0].missing!));
  // one seed less at one point of the drawing
  assertEquals(drawCurves([zero]).points.filter((p) => p.panel === "H: change").length, 4);
});

Deno.test("roles follow the declaration: claims of the rule, declared controls, all else aside", () => {
  const other = { name: "mup", rule: "mup" };
  const roles = judgeCurves([curve(RULE, 0, 0), curve(SP, 0, 0), curve(other, 0, 0)], JUDGED)
    .map((j) => j.role);
  assertEquals(roles, ["claim", "claim", "aside", "control", "aside", "aside"]);
});

Deno.test("root mean squares and gate entropy follow their closed forms", () => {
  assertNear(rms(Float32Array.of(3, 4)), Math.sqrt(12.5), 1e-12);
  assertNear(rmsChange(Float32Array.of(1, 2), Float32Array.of(1, 4)), Math.sqrt(2), 1e-12);
  assertNear(gateEntropy(Float32Array.of(0.25, 0.25, 0.25, 0.25, 1, 0, 0, 0), 4), 0.5, 1e-6);
  const dense = {
    blocks: [{ input: new Float32Array(2), ffn: Float32Array.of(1, 1), router: null, gates: null }],
    output: new Float32Array(2),
  };
  const c = coordinatesOf(dense, { ...dense, output: Float32Array.of(2, 2) }, null);
  assertEquals([c.init, c.delta, c.router, c.entropy, c.laterInit], [1, 0, null, null, null]);
  assertEquals(c.outputDelta, 2);
});

Deno.test("an axis names a size its configurations have", () => {
  const moe = parseConfiguration("16e4a:d=32,L=1,h=8");
  assertEquals((["d", "h", "a", "N"] as const).map((s) => sizeOf(moe, s)), [32, 8, 4, 16]);
  throws(() => sizeOf(moe, "H"), /Cannot vary H: a moe model has none/);
  throws(() => sizeOf(parseConfiguration("dense:d=8,L=1,H=8"), "a"), RangeError);
});

const SMOKE = coordinateCheck.profiles.smoke;
const [H, A] = SMOKE.axes;

Deno.test("on the device the rule is flat at init, and without A or without R it is seen to fail", () =>
  withDevice({}, async (device) => {
    const profile = (axis: CheckAxis, multipliers: Variant["multipliers"]): CheckProfile => ({
      ...SMOKE,
      seeds: [0, 1, 2, 3],
      sideBySide: 8,
      others: [],
      control: { name: "twin", rule: "complete-mue", multipliers },
      axes: [{ ...axis, controls: ["init"], also: [] }],
    });
    // H 16…256 without A grows as H; a 2…8 without R falls as 1/a
    for (
      const [axis, multipliers, power] of [
        [H, { outputMultiplier: 1 }, 1],
        [A, { routeScale: 1 }, -1],
      ] as const
    ) {
      const p = profile(axis, multipliers), at = workbench(device);
      const judged = judgeCurves(await measureCurves(p, at), p);
      const [rule, twin] = ["claim", "control"].map((role) =>
        judged.find((j) => j.role === role && j.panel.endsWith("at init"))!
      );
      assertNear(rule.measures[0].value!.estimate, 0, 0.15);
      assertEquals(twin.verdict, "fail");
      assertNear(twin.measures[0].value!.estimate, power, 0.15);
      assertEquals(at.labels.length, 3);
    }
  }));

Deno.test("the smoke profile gives every panel, point and judgement it declares", () =>
  withDevice({}, async (device) => {
    const found = await measureCoordinates(SMOKE, workbench(device));
    const panels = found.panels.map((p) => p.name);
    assertEquals(panels.length, 5);
    assertEquals(found.judgements.filter((j) => j.role === "claim").length, 4 + 1);
    assertEquals(found.judgements.filter((j) => j.role === "control").length, 2 + 1);
    // five lines on H, three on a; two quantities each; two mixtures under four gates at two inits
    assertEquals(found.points.length, 2 * 3 * (5 + 3) + 2 * 4 * 2);
    for (const j of found.judgements) assert(panels.includes(j.panel), j.panel);
    for (const { columns, rows } of found.tables) {
      for (const row of rows) assertEquals(row.length, columns.length);
    }
    const again = await measureCoordinates(SMOKE, workbench(device));
    assertEquals(again, found);
    const stopped = new AbortController();
    stopped.abort();
    await nodeAssert.rejects(
      measureCoordinates(SMOKE, { ...workbench(device), signal: stopped.signal }),
      { name: "AbortError" },
    );
  }));

import assert from "node:assert/strict";
import { initialLossModels } from "../../lab/claims/initial_loss.ts";
import { wantedOf } from "../../lab/claims/models.ts";
import { scalingModels } from "../../lab/claims/scaling.ts";
import { speedupModels } from "../../lab/claims/speedup.ts";
import { PROFILES } from "../../lab/suite.ts";
import { activeWidth, type Configuration, parseConfiguration } from "../../rule/configuration.ts";
import { ruleById } from "../../rule/registry.ts";
import { bridges } from "../../suites/bridges.ts";
import { coordinateCheck } from "../../suites/coordinate_check.ts";
import { initialLoss } from "../../suites/initial_loss.ts";
import { paperPlan, quickPlan, smokePlan } from "../../suites/plans.ts";
import { routerStability } from "../../suites/router_stability.ts";
import { scaling } from "../../suites/scaling.ts";
import { speedup } from "../../suites/speedup.ts";
import { width } from "../../suites/width.ts";

const PLANS = { smoke: smokePlan, quick: quickPlan, paper: paperPlan };

Deno.test("every model a suite of claims wants can be built and transferred to", () => {
  for (const name of PROFILES) {
    const wanted = wantedOf([
      ...initialLossModels(initialLoss.profiles[name]),
      ...scalingModels(scaling.profiles[name]),
      ...speedupModels(speedup.profiles[name]),
    ]);
    for (const suite of [scaling, speedup]) {
      assert.deepEqual(suite.plan(name).trainings, [PLANS[name]], `${suite.id} shares its plan`);
    }
    const plan = PLANS[name], from = parseConfiguration(plan.reference);
    const initStd = plan.base.initStd ?? 1 / Math.sqrt(from.width);
    for (const w of wanted) {
      const to = parseConfiguration(w.configuration, from);
      ruleById(w.rule).transfer(from, to, { ...plan.base, initStd });
      if (to.ffn.kind === "moe") assert.ok(to.ffn.active >= 2, `${w.configuration}: a = 1`);
    }
  }
});

const read = (text: string, reference: string) =>
  parseConfiguration(text, parseConfiguration(reference));
/** Hidden width of all experts of a block. */
const totalWidth = ({ ffn }: Configuration) =>
  ffn.kind === "dense" ? ffn.hidden : (ffn.experts + ffn.shared) * ffn.expertWidth;

Deno.test("the axes of scaling change what they say and nothing else", () => {
  for (const name of PROFILES) {
    const { axes, plan, nothing } = scaling.profiles[name];
    for (const axis of axes) {
      const models = axis.configurations.map((text) => read(text, plan.reference));
      const place = (c: Configuration) => {
        if (c.ffn.kind === "dense") throw new Error("a dense model has no place");
        if (axis.name === "capacity") return c.ffn.experts;
        return axis.name === "layers"
          ? c.depth
          : axis.name === "shared"
          ? c.ffn.shared
          : c.ffn.active;
      };
      assert.deepEqual(models.map(place), axis.x, `${name}: ${axis.name}`);
      const same = (of: (c: Configuration) => number, what: string) =>
        assert.equal(new Set(models.map(of)).size, 1, `${name}: ${axis.name} keeps ${what}`);
      same((c) => c.width, "the width");
      if (axis.name !== "layers") same((c) => c.depth, "the depth");
      if (axis.name !== "active") same(activeWidth, "the active width");
      if (axis.name === "granularity" || axis.name === "active") {
        same(totalWidth, "the total width");
      }
    }
    const { narrow, axis } = scaling.profiles[name].widths!;
    const wide = axes.find((a) => a.name === axis)!.configurations;
    const ends = [wide[0], wide.at(-1)!].map((text) => read(text, plan.reference));
    narrow.configurations.map((text) => read(text, plan.reference)).forEach((c, i) => {
      assert.equal(2 * c.width, ends[i].width, `${name}: half the width`);
      assert.deepEqual([c.ffn, c.depth], [ends[i].ffn, ends[i].depth], `${name}: the same experts`);
    });
    const seeds = nothing.seedSets.flat();
    assert.equal(new Set(seeds).size, seeds.length, "sets of seeds have none in common");
  }
});

Deno.test("speed-ups are over a dense model of equal width, depth and active width", () => {
  for (const name of PROFILES) {
    const { plan, dense, moe, seeds, otherSeeds } = speedup.profiles[name];
    const facts = (text: string) => {
      const c = read(text, plan.reference);
      return [c.width, c.depth, activeWidth(c)];
    };
    for (const text of Object.values(moe)) assert.deepEqual(facts(text), facts(dense), text);
    assert.ok(otherSeeds.every((seed) => !seeds.includes(seed)));
    const { equalTotal, withoutR } = speedup.profiles[name].beside!;
    const [moeText] = Object.values(moe), own = read(moeText, plan.reference);
    const wide = read(equalTotal.configuration, plan.reference);
    assert.equal(totalWidth(wide), totalWidth(own), "as many parameters, but for the router");
    assert.deepEqual([wide.width, wide.depth], [own.width, own.depth]);
    assert.ok(equalTotal.line.endsWith(`${totalWidth(wide)}`));
    const at = withoutR.log2lr.indexOf(Math.log2(plan.base.lr));
    assert.ok(at > 0 && at < withoutR.log2lr.length - 1, "rates on both sides of the transferred");
    assert.ok(withoutR.seeds.elsewhere <= withoutR.seeds.transferred);
    assert.ok(withoutR.seeds.transferred <= seeds.length);
    const { withoutR: { limits } } = speedup.profiles[name].beside!;
    assert.deepEqual(limits, {
      loss: width.profiles.quick.limits.minRegret,
      shift_octaves: width.profiles.quick.limits.tolerance_octaves,
    });
  }
});

Deno.test("captions say the numbers that decide", () => {
  const says = (text: string, ...numbers: number[]) =>
    numbers.forEach((n) => assert.ok(text.includes(`${n}`), `${n} in: ${text}`));
  for (const name of ["quick", "paper"] as const) {
    const { limits: { gap_percent, growth_percent }, steps, windows } = initialLoss.profiles[name];
    says(initialLoss.passesIf, gap_percent, growth_percent);
    says(initialLoss.claim, steps);
    says(initialLoss.measured, steps / windows);
    says(speedup.passesIf, speedup.profiles[name].limits.speedup);
    says(speedup.measured, speedup.profiles[name].smoothing_octaves);
    const { limits, window, zCoef, log2lr } = routerStability.profiles[name];
    says(routerStability.passesIf, limits.growth_octaves, limits.rise);
    says(routerStability.control, limits.growth_octaves, limits.rise);
    says(routerStability.measured, window);
    says(routerStability.varied, zCoef, 2 ** (log2lr.high - log2lr.tuned));
    says(
      coordinateCheck.passesIf,
      ...Object.values(coordinateCheck.profiles[name].limits),
    );
    says(coordinateCheck.measured, coordinateCheck.profiles[name].steps);
    const { limit, inits } = coordinateCheck.profiles[name].routing!;
    says(coordinateCheck.passesIf, limit, inits[1].logitStd);

    const bridge = bridges.profiles[name].limits;
    says(bridges.passesIf, bridge.onGpu, bridge.q_octaves, -bridge.noise.lo, -bridge.noise.hi);
  }
});

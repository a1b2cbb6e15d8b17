import assert from "node:assert/strict";
import type { ClaimSuite } from "../../lab/claims/claim_suite.ts";
import type { ScalingProfile } from "../../lab/claims/scaling.ts";
import type { SpeedupProfile } from "../../lab/claims/speedup.ts";
import { PROFILES } from "../../lab/suite.ts";
import { activeWidth, type Configuration, parseConfiguration } from "../../rule/configuration.ts";
import { ruleById } from "../../rule/registry.ts";
import { initialLoss } from "../../suites/initial_loss.ts";
import { paperPlan, quickPlan, smokePlan } from "../../suites/plans.ts";
import { scaling } from "../../suites/scaling.ts";
import { speedup } from "../../suites/speedup.ts";

const SUITES: ClaimSuite[] = [initialLoss, scaling, speedup];
const PLANS = { smoke: smokePlan, quick: quickPlan, paper: paperPlan };

Deno.test("every model a suite of claims wants can be built and transferred to", () => {
  for (const suite of SUITES) {
    for (const name of PROFILES) {
      for (const { plan, wanted } of suite.wanted(suite.profiles[name])) {
        assert.equal(plan, PLANS[name], `${suite.id} shares the plan of ${name}`);
        const from = parseConfiguration(plan.reference);
        const initStd = plan.base.initStd ?? 1 / Math.sqrt(from.width);
        assert.ok(wanted.length > 0);
        for (const w of wanted) {
          const to = parseConfiguration(w.configuration, from);
          ruleById(w.rule).transfer(from, to, { ...plan.base, initStd });
          if (to.ffn.kind === "moe") assert.ok(to.ffn.active >= 2, `${w.configuration}: a = 1`);
        }
      }
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
    const { axes, plan, nothing } = scaling.profiles[name] as ScalingProfile;
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
    const seeds = nothing.seedSets.flat();
    assert.equal(new Set(seeds).size, seeds.length, "sets of seeds have none in common");
  }
});

Deno.test("speed-ups are over a dense model of equal width, depth and active width", () => {
  for (const name of PROFILES) {
    const { plan, dense, moe, seeds, otherSeeds } = speedup.profiles[name] as SpeedupProfile;
    const facts = (text: string) => {
      const c = read(text, plan.reference);
      return [c.width, c.depth, activeWidth(c)];
    };
    for (const text of Object.values(moe)) assert.deepEqual(facts(text), facts(dense), text);
    assert.ok(otherSeeds.every((seed) => !seeds.includes(seed)));
  }
});

Deno.test("captions of the suites of claims say what their files' comments say", async () => {
  const files = { "initial-loss": "initial_loss", scaling: "scaling", speedup: "speedup" };
  for (const suite of SUITES) {
    const file = files[suite.id as keyof typeof files];
    const source = await Deno.readTextFile(new URL(`../../suites/${file}.ts`, import.meta.url));
    const comment = source.slice(0, source.indexOf("*/")).replace(/\n \* ?/g, " ");
    const part = (from: string, to: string) =>
      comment.slice(comment.indexOf(from) + from.length, comment.indexOf(to));
    const words = (text: string) => text.toLowerCase().replace(/[^a-z0-9*=|%]+/g, " ").trim();
    assert.equal(words(part("Held fixed:", "Varied:")), words(suite.heldFixed), suite.id);
    assert.equal(words(part("Varied:", "Measured:")), words(suite.varied), suite.id);
    assert.ok(comment.includes(suite.source), suite.id);
  }
});

import { type Context, jobOf } from "../../../lab/train/job.ts";
import { groupLabel } from "../../../lab/train/pool.ts";
import { language } from "../../../model/tasks/language.ts";
import { quickPlan } from "../../../suites/plans.ts";
import { placed } from "../runs.ts";
import { assertEquals } from "../assert.ts";

const context: Context = { task: language(), dataHash: "d", trainUnits: 1000, adapter: "a" };
const job = (label: string, rule: string) => {
  const cell = {
    panel: "p",
    configuration: "dense:d=48,dh=12,H=48",
    label,
    rule,
    role: "target" as const,
    swept: "lr" as const,
    log2x: -5,
    seed: 0,
  };
  return jobOf(placed(cell, quickPlan), quickPlan, context);
};

Deno.test("a group's label names its width once, and its rules each once", () => {
  const both = ["complete-mue", "standard", "complete-mue"];
  const label = (name: string) => groupLabel(both.map((rule) => job(name, rule)));
  assertEquals(label("dense"), "dense d=48 complete-mue + standard");
  assertEquals(label("dense d=48"), "dense d=48 complete-mue + standard");
  assertEquals(label("dense dh=12"), "dense dh=12 d=48 complete-mue + standard");
});

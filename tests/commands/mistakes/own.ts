/** Mistakes with `bench transfer`: flags and plans of the user's own. */
import { fixtureRecord } from "../../reports/fixture.ts";
import type { Chapter, Mistake } from "./mistake.ts";

const REFERENCE = "dense:d=16,L=1,H=16";

/** A bench of flags that stops before it trains. */
const flags = (did: string, ...args: string[]): Mistake => ({
  did,
  args: ["bench", "transfer", "--dry-run", "--profile", "smoke", ...args],
});

/** The same with a reference. */
const to = (did: string, targets: string, ...args: string[]): Mistake =>
  flags(did, "--reference", REFERENCE, "--targets", targets, ...args);

/** A bench of a plan file. */
const plan = (did: string, content: string | object | number | null): Mistake => ({
  did,
  args: ["bench", "--plan", "DIR/plan.json", "--dry-run"],
  files: { "plan.json": content },
});

const GOOD = { profile: "smoke", reference: REFERENCE, targets: ["4e2a:d=32,h=16"] };

const NO_TARGETS = { profile: "smoke", reference: REFERENCE };

/** A flag that the panels of a plan say themselves. */
const over = (did: string, ...args: string[]): Mistake => ({
  did,
  args: ["bench", "--plan", "DIR/plan.json", "--dry-run", ...args],
  files: {
    "plan.json": {
      ...NO_TARGETS,
      panels: [{ targets: ["4e2a"], reference: REFERENCE, swept: "weightDecay" }],
    },
  },
});

export const OWN: Chapter = {
  title: "`bench transfer`: models of your own",
  mistakes: [
    flags("no reference", "--targets", "4e2a"),
    flags("no targets", "--reference", REFERENCE),
    to("an empty list of targets", ","),
    to("a list of targets that begins with no model", "d=32,4e2a"),
    to("a model that is none", "huge"),
    to("10 experts in 3 groups", "10e3a3g:d=32"),
    to("a key that there is not", "4e2a:colour=3"),
    to("heads that models here do not have", "4e2a:d=32,kv=1"),
    to("a batch of half a sequence", "4e2a:d=32,B=24"),
    to("a rule that there is not", "4e2a", "--rule", "mine"),
    to("a control that there is not", "4e2a", "--control", "mine"),
    to("a rule as its own control", "4e2a", "--control", "complete-mue"),
    to("something else to sweep", "4e2a", "--sweep", "beta2"),
    to("no steps", "4e2a", "--steps", "0"),
    to("half a seed", "4e2a", "--seeds", "1.5"),
    to("a task that there is not for own models", "4e2a", "--task", "speech"),
    to("a router's key that no target can have", "4e2a:d=32", "--router", "limit=2"),
    {
      did: "a flag for own models with a built-in suite",
      args: ["bench", "capacity", "--targets", "4e2a"],
    },
    { did: "own models and a built-in suite", args: ["bench", "transfer", "capacity"] },
    { did: "a plan file that is not there", args: ["bench", "--plan", "DIR/none.json"] },
    plan("a folder as a plan", null),
    plan("a plan that is cut short", '{"reference": "dense'),
    plan("a plan that is a list", []),
    plan("a plan with a field that there is not", { ...GOOD, colour: "red" }),
    plan("a plan with a learning rate of nothing", { ...GOOD, plan: { base: { lr: 0 } } }),
    plan("a plan with too many seeds", { ...GOOD, seeds: Array.from({ length: 65 }, (_, i) => i) }),
    plan("a plan with a grid that runs backwards", {
      ...GOOD,
      grid: { reference: { from: -3, to: -7 } },
    }),
    plan("a plan with a control that is no target", {
      ...NO_TARGETS,
      panels: [{ targets: ["4e2a"], controls: ["8e2a"] }],
    }),
    plan("a plan with targets and panels", { ...GOOD, panels: [{ targets: ["4e2a"] }] }),
    plan("a plan with its reference twice", { ...GOOD, plan: { reference: REFERENCE } }),
    plan("a plan with a seed twice among seeds", { ...GOOD, seeds: [1, 1, 1] }),
    plan("a plan of more models than anybody trains", {
      ...GOOD,
      targets: ["4e2a", "8e2a"],
      grid: { targets: { from: -40, to: 20 } },
      seeds: Array.from({ length: 64 }, (_, i) => i),
      rivals: ["mup", "standard", "sqrt-sparsity", "embedding-lr-only"],
    }),
    to("the reference among the targets", "dense"),
    to("a target twice", "4e2a,4e2a:L=1"),
    to("a control that is made for another gate", "4e2a:d=32", "--control", "moe-dmft"),
    to("a router for models that are all dense", "dense:d=32", "--router", "gate=softmax"),
    plan("a plan whose panels have no names", {
      ...NO_TARGETS,
      panels: [{ targets: ["4e2a"] }, { targets: ["8e2a"] }],
    }),
    plan("a plan with a further seed that is one of its seeds", {
      ...NO_TARGETS,
      seeds: [0, 1],
      panels: [{ targets: ["4e2a"], moreSeeds: [1] }],
    }),
    over("targets over a plan's panels", "--targets", "8e2a"),
    over("a reference over a plan's panels", "--reference", "dense:d=32,L=1,H=32"),
    over("something to sweep over a plan's panels", "--sweep", "lr"),
    plan("the record of a built-in suite as a plan", fixtureRecord()),
  ],
};

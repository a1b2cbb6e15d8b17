/**
 * A suite with another router in every MoE model it trains: `deno task bench capacity --router
 * gate=softmax-all`.
 *
 * A model takes the keys it can have: `limit=2` those with groups, and the others stay as they are.
 * The caption says which did and why, and what R holds under; a key that no model takes is refused.
 *
 * @module
 */
import { type Configuration, labelOf, parseConfiguration } from "../rule/configuration.ts";
import { ruleById } from "../rule/registry.ts";
import { isForeign, routeScaleNote } from "../rule/route_scale.ts";
import { ROUTER_KEYS } from "../rule/router.ts";
import { routerLogitStd } from "../rule/table.ts";
import type { ProfileName, Suite } from "../lab/suite.ts";
import { taskById } from "../model/tasks/registry.ts";
import type { TrainingPlan } from "../lab/train/plan.ts";

/** Gives what a text leaves out, when it is checked. */
const ANY = parseConfiguration("dense:d=16,L=1,H=16");

const MOE = /^\d+e\d+a(\d+g)?(\d+s)?(:|$)/;

/** One model and what became of it. */
interface Model {
  /** its text with the keys it could take */
  text: string;
  /** the same, read */
  configuration: Configuration;
  /** entries it could not take, and why */
  refused: { entry: string; why: string }[];
}

/** Adds to a model those of the entries that it can have, one after the other. */
function modelWith(own: string, entries: string[]): Model {
  let text = own, configuration = parseConfiguration(own, ANY);
  const refused: Model["refused"] = [];
  for (const entry of entries) {
    const longer = `${text}${text.includes(":") ? "," : ":"}${entry}`;
    try {
      configuration = parseConfiguration(longer, ANY);
      text = longer;
    } catch (error) {
      refused.push({ entry, why: (error as Error).message });
    }
  }
  return { text, configuration, refused };
}

/** Every MoE model in a profile, wherever it stands, by its text. */
function modelsIn(value: unknown, entries: string[], found = new Map<string, Model>()) {
  if (typeof value === "string") {
    if (MOE.test(value) && !found.has(value)) found.set(value, modelWith(value, entries));
  } else if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) modelsIn(part, entries, found);
  }
  return found;
}

/** The profile with its models' texts replaced. */
function replaced(value: unknown, models: Map<string, Model>): unknown {
  if (typeof value === "string") return models.get(value)?.text ?? value;
  if (Array.isArray(value)) return value.map((v) => replaced(v, models));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, replaced(v, models)]));
  }
  return value;
}

/** Labels, each once. */
const labels = (models: Model[]) =>
  [...new Set(models.map(({ configuration }) => labelOf(configuration)))].join(", ");

/** Which models stay without which entry, e.g. `16e4a, 16e2a2s without limit=2 (no groups)`. */
function refusals(models: Model[]): string[] {
  const all = models.flatMap((model) => model.refused.map((r) => ({ model, ...r })));
  return [...Map.groupBy(all, ({ entry }) => entry)].map(([entry, of]) =>
    `${labels(of.map(({ model }) => model))} without ${entry} (${
      of[0].why.replace(/^Cannot [^:]*: /, "")
    })`
  );
}

/** Where a profile names its reference: in its plan, or itself (a probe). */
interface Planned {
  plan?: TrainingPlan;
  reference?: string;
}

/** What R holds under: the first model's note, and whom it is said of. */
function routeNote(models: Model[], ruleId: string, planned: Planned): string | null {
  const rule = ruleById(ruleId), { base } = planned.plan ?? {};
  const text = planned.plan?.reference ?? planned.reference;
  const reference = text === undefined ? undefined : parseConfiguration(text);
  const noted = models.flatMap((model) => {
    const to = parseConfiguration(model.text, reference ?? ANY);
    const logitStd = reference && routerLogitStd(
      to,
      base?.initStd ?? 1 / Math.sqrt(reference.width),
      rule.factors(reference, to),
    );
    const note = routeScaleNote(to, rule, logitStd);
    return note === null ? [] : [{ model, note }];
  });
  if (noted.length === 0) return null;
  const [first, ...others] = noted;
  const also = labels(
    others.map(({ model }) => model).filter((m) => labels([m]) !== labels([first.model])),
  );
  return `${labels([first.model])}: ${first.note}${
    also === "" ? "" : ` (likewise ${also}, by its own a and N)`
  }`;
}

/** A profile whose panels may rank rules beside the one under test. */
interface Ranked {
  panels?: { targets?: string[]; rivals?: string[] }[];
}

/** The profile without rivals that are made for another router than their targets'. */
function withoutForeign<P extends Ranked>(profile: P): { profile: P; left: string[] } {
  const left = new Set<string>();
  const panels = profile.panels?.map((panel) => {
    if (panel.rivals === undefined) return panel;
    const targets = (panel.targets ?? []).map((text) => parseConfiguration(text, ANY));
    const rivals = panel.rivals.filter((id) => {
      const foreign = targets.some((to) => isForeign(to, ruleById(id)));
      if (foreign) left.add(id);
      return !foreign;
    });
    return { ...panel, rivals };
  });
  return { profile: panels ? { ...profile, panels } : profile, left: [...left] };
}

/**
 * Refuses what is no key of a router.
 *
 * @throws {RangeError} naming it
 */
export function checkRouterKeys(keys: string): void {
  const stray = keys.split(",").find((entry) => !ROUTER_KEYS.includes(entry.split("=")[0]));
  if (stray === undefined) return;
  throw new RangeError(
    `Cannot use --router ${keys}: ${stray} is none of ${
      ROUTER_KEYS.join("=, ")
    }= (docs/routers.md)`,
  );
}

/**
 * The suite with another router.
 *
 * @param keys entries of a configuration, e.g. `gate=softmax-all,cf=1.25`
 * @param profile the one that is run: its models are checked
 * @throws {RangeError} for a suite that routes by its own means, and for keys that no model of the
 *   suite can have together
 */
export function withRouter<P>(suite: Suite<P>, keys: string, profile: ProfileName): Suite<P> {
  checkRouterKeys(keys);
  const entries = keys.split(",");
  if (/^(coordinate-check|routing-by)/.test(suite.id) && keys.includes("expert-choice")) {
    throw new RangeError(
      `Cannot run ${suite.id} with --router ${keys}: its probe reads a picks per token`,
    );
  }
  if (entries.includes("router=hash") && suite.task !== null && !taskById(suite.task).ids) {
    throw new RangeError(
      `Cannot run ${suite.id} with --router ${keys}: a hash routes by ids, and what it trains on has none`,
    );
  }
  if (suite.ownRouting !== null) {
    throw new RangeError(`Cannot run ${suite.id} with --router: ${suite.ownRouting}`);
  }
  const own = suite.profiles[profile], found = modelsIn(own, entries);
  const models = [...found.values()];
  if (models.length === 0) {
    throw new RangeError(`Cannot run ${suite.id} with --router: it trains no MoE`);
  }
  const fewest = models.toSorted((a, b) => a.refused.length - b.refused.length)[0];
  if (fewest.refused.length > 0) {
    const all = entries.length > 1 ? `no MoE of it takes all of ${keys}, the nearest: ` : "";
    throw new RangeError(
      `Cannot run ${suite.id}, profile ${profile}: ${all}${fewest.refused[0].why}`,
    );
  }
  const kept = refusals(models);
  const { profile: routed, left } = withoutForeign(replaced(own, found) as Ranked);
  const note = routeNote(models, suite.rule ?? "complete-mue", own as Planned);
  const said = [
    kept.length === 0
      ? `router of every MoE: ${keys}, not the paper's`
      : `router of every MoE that can have it: ${keys}, not the paper's; ${kept.join("; ")}`,
    ...(left.length > 0 ? [`not ranked, being made for another gate: ${left.join(", ")}`] : []),
    ...(note === null ? [] : [note]),
  ];
  return suite.changed(
    {
      title: `${suite.title} (${keys})`,
      options: `--router ${keys}`,
      heldFixed: `${suite.heldFixed}; ${said.join("; ")}`,
    },
    { ...suite.profiles, [profile]: routed as P },
  );
}

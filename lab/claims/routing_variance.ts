/**
 * The routing-variance factor at init: how much the gates' unevenness adds to the variance of the routed sum.
 *
 * The paper keeps a factor F_{a,N} near 1 by its choice of gate and does not publish its formula; this one is ours.
 * Experts' outputs are independent at init, so that the routed sum R·Σ g_i E_i(x) of a token has the variance
 * R²·Σ g_i² of one output, where Bridge I, every weight 1, has a:
 *
 *     F = E[ Σ_i (R g_i)² ] / a,  over the tokens of a batch; a·E[Σ g_i²] where gates sum to 1 and R = a
 *
 * Even gates give exactly 1, and with gates that sum to 1 it is never less. Only the gates of block 0 enter, whose
 * logits at init are normal with a standard deviation of sigma_router·√d at every width.
 *
 * @module
 */
import { Probe } from "../../model/check/probe.ts";
import { Trainer } from "../../model/trainer.ts";
import { parseConfiguration } from "../../rule/configuration.ts";
import { judgeOne } from "../judge/decide.ts";
import type { Findings, FindingsTable, Judgement, Point, Role } from "../record/findings.ts";
import { column, panelOf, pointOf } from "../record/parts.ts";
import { noiseOfInterval } from "../statistics/power.ts";
import { arithmeticMean } from "../statistics/slope.ts";
import { probed, type Workbench } from "./models.ts";
import { type ProbePlan, replicaOf, shapeOfText, type Variant } from "./probe_models.ts";

/** N and a of one configuration. */
export interface Mixture {
  experts: number;
  active: number;
}

/** What is measured of which gates; its routing is its own, so that no text here names a whole configuration. */
export interface RoutingVarianceCase {
  mixtures: Mixture[];
  /** what their configurations share, e.g. `d=16,L=1,h=4` */
  size: string;
  /** gates as `gate=` names them, the one that is expected to stay even first */
  gates: string[];
  /** inits by name: standard deviation of a router logit, sigma_router·√d */
  inits: { name: string; logitStd: number }[];
  /** N, a, gate and init that are expected beyond the limit; the init is the one that the panel judges */
  control: Mixture & { gate: string; init: string };
  /** largest |F − 1| */
  limit: number;
}

/** F of one mixture under one gate and init, one value per seed. */
export interface RoutingVariance extends Mixture {
  gate: string;
  init: string;
  F: number[];
}

/** E.g. `16e4a`. */
const nameOf = ({ experts, active }: Mixture) => `${experts}e${active}a`;

/**
 * F of one batch.
 *
 * @param gates (T, a) @param routeScale R
 */
export function varianceFactor(gates: Float32Array, active: number, routeScale: number): number {
  let squares = 0;
  for (const g of gates) squares += g * g;
  return routeScale ** 2 * squares / (gates.length / active) / active;
}

/**
 * Measures every gate of every mixture; inits are replicas side by side.
 *
 * @param from share of the suite that is done before
 */
export async function measureRoutingVariance(
  p: ProbePlan,
  c: RoutingVarianceCase,
  rule: Variant,
  at: Workbench,
  from = 0,
): Promise<RoutingVariance[]> {
  const { task } = at.pool.context, { width } = parseConfiguration(p.reference);
  const all: RoutingVariance[] = [], parts = c.gates.length * c.mixtures.length;
  for (const gate of c.gates) {
    for (const mixture of c.mixtures) {
      at.signal.throwIfAborted();
      const text = `${nameOf(mixture)}:${c.size},gate=${gate}`;
      const share = all.length / c.inits.length / parts;
      at.progress(probed(`routing variance, ${text}`, from + (1 - from) * share));
      const replicas = c.inits.flatMap(({ logitStd }) => {
        // sigma_router·√d is sigma*·√d* at every width
        const plan = { ...p, base: { ...p.base, initStd: logitStd / Math.sqrt(width) } };
        return p.seeds.map((seed) => replicaOf(plan, text, rule, seed, task));
      });
      const shape = shapeOfText(text, p, task), training = { ...p.training, steps: 1 };
      const trainer = new Trainer(at.device, shape, p, replicas, training, at.pool.data);
      try {
        const probe = new Probe(at.device, trainer, at.pool.data);
        try {
          const looks = await probe.look(), { active } = trainer.network.router!;
          const F = looks.map(({ blocks: [{ gates }] }, z) =>
            varianceFactor(gates!, active, replicas[z].multipliers.routeScale)
          );
          c.inits.forEach(({ name }, i) => {
            const own = F.slice(i * p.seeds.length, (i + 1) * p.seeds.length);
            all.push({ ...mixture, gate, init: name, F: own });
          });
        } finally {
          probe.destroy();
        }
      } finally {
        trainer.destroy();
      }
    }
  }
  return all;
}

/** Name of the panel. */
export const ROUTING_VARIANCE = "routing variance at init";

const lineOf = ({ gate, init }: Pick<RoutingVariance, "gate" | "init">) => `${gate}, ${init}`;

/**
 * Judges F, beside the suite's claim: the first gate stays within the limit of 1 for every sparse mixture at the init of
 * the control, which is another gate at the same init; all else is an aside. F follows from logits that are normal at
 * init, so that nothing of a rule or of training enters: what is judged is the gate.
 *
 * @throws {RangeError} where the control is not among what was measured
 */
export function judgeRoutingVariance(
  all: readonly RoutingVariance[],
  { gates, control, limit }: RoutingVarianceCase,
): Judgement[] {
  const isControl = (of: RoutingVariance) =>
    of.gate === control.gate && of.init === control.init &&
    nameOf(of) === nameOf(control);
  if (!all.some(isControl)) {
    throw new RangeError(
      `Cannot judge the routing variance: no ${nameOf(control)} under ${lineOf(control)}`,
    );
  }
  return all.map((of) => {
    const role: Role = isControl(of)
      ? "control"
      : of.gate === gates[0] && of.init === control.init && of.active < of.experts
      ? "claim"
      : "aside";
    const value = arithmeticMean(of.F), known = of.F.length > 1 && Number.isFinite(value.hi);
    return judgeOne({
      panel: ROUTING_VARIANCE,
      subject: nameOf(of),
      variant: lineOf(of),
      role,
      name: "routing-variance factor F",
      unit: "",
      value,
      noise: known ? noiseOfInterval(value, of.F.length) : null,
      limits: { lo: 1 - limit, hi: 1 + limit },
      missing: "one seed has no interval, or a gate is not finite",
    });
  });
}

/** Its part of the figure and of the tables. */
export function drawRoutingVariance(
  all: readonly RoutingVariance[],
  { gates, inits, limit }: RoutingVarianceCase,
): Pick<Findings, "panels" | "points" | "tables" | "caveats"> {
  const names = [...new Set(all.map(nameOf))];
  const table: FindingsTable = {
    title: "Routing-variance factor at init",
    columns: [column("gate"), column("router's init"), ...names.map((name) => column(name, "", 3))],
    rows: gates.flatMap((gate) =>
      inits.map(({ name: init }) => {
        const own = all.filter((of) => of.gate === gate && of.init === init);
        return [gate, init, ...own.map(({ F }) => F.length > 1 ? arithmeticMean(F) : F)];
      })
    ),
    note:
      "F = E[Σ (R g)²]/a over the active experts of a token, block 0: 1 for even gates. The definition is ours; the paper's is not published. Means over seeds with 95% intervals; R is the rule's, a / S at that init where gates do not sum to 1",
  };
  return {
    panels: [panelOf({
      name: ROUTING_VARIANCE,
      decides: false,
      title: "Routing-variance factor F at init",
      chart: "routing-variance",
      mark: "points",
      x: { title: "configuration", scale: "nominal" },
      y: { title: "F", scale: "log2" },
      rules: [{ y: 1 + limit, label: "limit" }, { y: 1, label: "even gates" }],
    })],
    points: all.flatMap((of): Point[] => {
      const { estimate, lo, hi } = arithmeticMean(of.F);
      return estimate > 0 && Number.isFinite(estimate)
        ? [pointOf(ROUTING_VARIANCE, lineOf(of), nameOf(of), estimate, lo > 0 ? { lo, hi } : null)]
        : [];
    }),
    tables: [table],
    caveats: [
      `the routing-variance factor follows from the gate and the router's init (logits of std ${
        inits.map(({ name, logitStd }) => `${logitStd}, ${name}`).join("; ")
      }), not from a rule or training: it decides nothing. What is judged of it was settled after a first look: at the authors' init no gate could have missed the limit`,
    ],
  };
}

/**
 * What the routers of a finished run say about it: named warnings, from its record alone.
 *
 * @module
 */
import { DEAD_SHARE } from "../../model/router_samples.ts";
import { type Configuration, parseConfiguration } from "../../rule/configuration.ts";
import { routerWithoutGradient } from "../../rule/gates.ts";
import { ruleById } from "../../rule/registry.ts";
import type { Run } from "../record/run.ts";
import { mean } from "../statistics/resample.ts";

/**
 * - `dropped-tokens`: a block that drops more than a tenth of its picks, or more than a tenth of whose
 *   tokens no routed expert serves. Where the capacity itself is below what is picked (cf < 1), it
 *   also tells of dead experts, whose own advice would not help
 * - `dead-expert`: an expert whose load is below a tenth of the mean load a/N
 * - `collapsed-router`: a block where all tokens pick the same a experts
 * - `sees-the-future`: an expert chose among all positions, later ones too: the loss is not that of a
 *   model that could generate text, and does not compare with the others'
 * - `no-router-gradient`: a = 1 under a gate that is normalized over the picks, which is always 1
 */
export const ROUTER_WARNINGS = [
  "dropped-tokens",
  "dead-expert",
  "collapsed-router",
  "no-router-gradient",
  "sees-the-future",
] as const;

/** One warning. */
export interface RouterWarning {
  name: typeof ROUTER_WARNINGS[number];
  /** one sentence with the numbers and what may help */
  text: string;
}

/** Share of a block's picks that may be dropped, and of its tokens that may go unserved, unsaid. */
export const DROPPED_SHARE = 0.1;

/** All tokens: shares are means over batches, which round. */
const ALL = 1 - 1e-9;

/** Gives what a name leaves out; nothing here depends on it. */
const ANY: Configuration = parseConfiguration("dense:d=16,L=1,H=16");

const some = (blocks: number[]) =>
  `block${blocks.length > 1 ? "s" : ""} ${blocks.slice(0, 4).join(", ")}${
    blocks.length > 4 ? ` and ${blocks.length - 4} more` : ""
  }`;

/**
 * The warnings of a run; none for a dense model. Load is looked at where the run has one: a run that
 * diverged has none.
 *
 * @param gate of the run's rule, where its configuration names none
 * @param causal whether the task's tokens may not see later ones
 */
export function routerWarnings(run: Run, gate = "sigmoid", causal = true): RouterWarning[] {
  const { ffn } = parseConfiguration(run.cell.configuration, ANY), out: RouterWarning[] = [];
  if (ffn.kind === "dense") return out;
  const { experts: n, active: a, pick = "top", capacity } = ffn, load = run.expertLoad ?? [];
  const untaught = routerWithoutGradient(ffn, ffn.gate ?? gate);
  if (untaught !== null) out.push({ name: "no-router-gradient", text: untaught });
  if (pick === "expert-choice" && causal) {
    out.push({
      name: "sees-the-future",
      text:
        "experts choose among all tokens of a batch, later positions too, in validation as well: " +
        "its loss does not compare with that of a model that could generate text",
    });
  }
  const counted = load.map((block) => block.filter((x) => x < DEAD_SHARE * a / n).length);
  const dead = counted.flatMap((count, l) => count > 0 ? [l] : []);
  const total = counted.reduce((x, y) => x + y, 0);
  const few =
    `${total} of ${n * load.length} experts got less than ${DEAD_SHARE} of the mean load ` +
    `(${some(dead)})`;
  const dropped = droppedTokens(run, pick === "expert-choice", capacity);
  const starved = dropped !== null && capacity !== undefined && capacity < 1;
  if (dropped !== null) {
    const also = starved && dead.length > 0 ? `; ${few}, which comes second` : "";
    out.push({ name: "dropped-tokens", text: `${dropped}${also}` });
  }
  if (dead.length > 0 && !starved) {
    out.push({ name: "dead-expert", text: `${few}; a balance loss or bias= may help` });
  }
  const collapsed = load.flatMap((block, l) =>
    a < n && block.filter((x) => x >= ALL).length === a ? [l] : []
  );
  if (collapsed.length > 0) {
    out.push({
      name: "collapsed-router",
      text: `all tokens pick the same ${a} of ${n} experts in ${some(collapsed)}: ` +
        "the rest never learns",
    });
  }
  return out;
}

const percent = (share: number) => `${Math.round(100 * share)}%`;

/** What is dropped or served by nobody, and what may help; null where it is little or not known. */
function droppedTokens(run: Run, chosen: boolean, capacity: number | undefined): string | null {
  const { dropRate = [], unserved = [] } = run.router ?? {};
  const blocks = dropRate.flatMap((drop, l) =>
    Math.max(drop, unserved[l]) > DROPPED_SHARE ? [l] : []
  );
  if (blocks.length === 0) return null;
  const alone = `${percent(mean(unserved))} of the tokens get no routed expert`;
  if (chosen) {
    return `${alone} (above ${percent(DROPPED_SHARE)} in ${
      some(blocks)
    }): experts choose, and nobody ` +
      "chose them; a larger a leaves out fewer";
  }
  const advice = capacity !== undefined && capacity < 1
    ? `an expert serves cf = ${capacity} of the mean load at most, so that about ` +
      `${percent(1 - capacity)} is lost even if picks are balanced; take cf = 1 or more`
    : "experts that are picked above their capacity; a larger cf, a balance loss or bias= may help";
  return `${percent(mean(dropRate))} of the picks are dropped and ${alone} (above ` +
    `${percent(DROPPED_SHARE)} in ${some(blocks)}): ${advice}`;
}

/**
 * The warnings of many runs, one line per name and configuration.
 *
 * @returns e.g. `dead-expert: 16e2a:d=48,L=2,h=12 under standard, 2 of 9 runs, the first (log2 lr −3, seed
 *   0): …`
 */
export function routerWarningLines(runs: Run[], causal = true): string[] {
  const distinct = [...new Map(runs.map((run) => [run.key, run])).values()];
  const groups = Map.groupBy(distinct, ({ cell }) => `${cell.configuration} under ${cell.rule}`);
  return [...groups].flatMap(([group, of]) => {
    const found = of.flatMap((run) => {
      const { gate } = ruleById(run.cell.rule);
      return routerWarnings(run, gate, causal).map((warning) => ({ ...warning, run }));
    });
    return [...Map.groupBy(found, ({ name }) => name)].map(([name, all]) => {
      const { run: { cell }, text } = all[0];
      return `${name}: ${group}, ${all.length} of ${of.length} runs, the first (log2 ${cell.swept} ` +
        `${cell.log2x}, seed ${cell.seed}): ${text}`;
    });
  });
}

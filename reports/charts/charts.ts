/**
 * The charts of a transfer suite, whichever figure it is after: loss against what was swept, how far
 * each optimum moved, and how the experts share the tokens. Pure: a record in, Vega-Lite specs and
 * their captions out.
 *
 * @module
 */
import { SWEPT, SWEPT_CHART } from "../../lab/record/swept.ts";
import { type Chart, recordChart } from "../words/caption.ts";
import { asTrained, lossName, sweptName } from "../words/phrases.ts";
import { expertLoad } from "./expert_load.ts";
import { lossCurves } from "./loss_curves.ts";
import { optimumShift } from "./optimum_shift.ts";
import { rivalPanels, sweptOf, type TransferRecord } from "./series.ts";

/**
 * The charts of a record, in the order in which the report shows them.
 *
 * @returns none for a record without runs
 */
export function chartsFor(record: TransferRecord): Chart[] {
  const sweeps = sweptOf(record), { title } = record.suite, trained = asTrained(record);
  const lines = rivalPanels(record).length > 0
    ? "One line per rule"
    : "One line per configuration, the control in its own panel";
  return [
    ...sweeps.flatMap((swept) =>
      recordChart(
        record,
        SWEPT_CHART[swept],
        `${title}: ${lossName(record)} against ${sweptName(record, swept)}`,
        `${lines}; the dashed line is the reference's optimum, the value that is transferred.`,
        (head) => lossCurves(record, swept, head),
      )
    ),
    ...recordChart(
      record,
      "optimum-shift",
      `${title}: how far the optimum moved from the reference's`,
      "Shift of each optimum in octaves and the loss that the transferred value costs (regret), " +
        "against the limits of the plan.",
      (head) => optimumShift(record, head),
    ),
    ...SWEPT.filter((swept) => swept === sweeps[0] && trained !== null).flatMap((
      swept,
    ) =>
      recordChart(
        record,
        "expert-load",
        `${title}: how the experts share the tokens`,
        "Share of the held-out tokens that select each expert, in units of the uniform share a/N. " +
          "The paper's figure does not show this; it is here because an idle expert would make the " +
          "comparison of active widths untrue.",
        (head) => trained && expertLoad(trained, swept, head),
      )
    ),
  ];
}

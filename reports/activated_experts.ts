/**
 * The figure of the suite `activated-experts`, after the paper's Fig. 2: loss against the learning
 * rate (and weight decay and init, where they were swept), how far each optimum moved, and how the
 * experts share the tokens. Pure: a record in, Vega-Lite specs and their captions out.
 *
 * @module
 */
import type { BenchRecord } from "../lab/record.ts";
import { caption, type Chart, provenance } from "./caption.ts";
import { expertLoad } from "./expert_load.ts";
import { costPhrase, SWEPT_NAME } from "./format.ts";
import { lossCurves } from "./loss_curves.ts";
import { optimumShift } from "./optimum_shift.ts";
import { type Swept, sweptOf } from "./series.ts";

const STEM: Record<Swept, string> = {
  lr: "loss-vs-lr",
  weightDecay: "loss-vs-weight-decay",
  initStd: "loss-vs-init-std",
};

/** The charts of the suite, in the order in which the report shows them. */
export function activatedExpertsCharts(record: BenchRecord): Chart[] {
  const sweeps = sweptOf(record);
  return [
    ...sweeps.map((swept) => lossChart(record, swept)),
    ...(record.judgements.length > 0 ? [shiftChart(record)] : []),
    ...(sweeps.length > 0 ? loadChart(record, sweeps[0]) : []),
  ];
}

function lossChart(record: BenchRecord, swept: Swept): Chart {
  const title = `Validation loss against ${SWEPT_NAME[swept]}`;
  const text = caption(
    record,
    `${title}. One line per configuration, the control in its own panel; the dashed line is the ` +
      `dense reference's optimum, the value that is transferred.`,
    costPhrase(record.cost),
  );
  const head = { title, subtitle: provenance(record), description: text };
  return { name: STEM[swept], title, caption: text, spec: lossCurves(record, swept, head) };
}

function shiftChart(record: BenchRecord): Chart {
  const title = "How far the optimum moved from the reference's";
  const text = caption(
    record,
    "Shift of each optimum in octaves and the loss that the transferred value costs (regret), " +
      "against the limits of the plan.",
    costPhrase(record.cost),
  );
  const head = { title, subtitle: provenance(record), description: text };
  return { name: "optimum-shift", title, caption: text, spec: optimumShift(record, head) };
}

function loadChart(record: BenchRecord, swept: Swept): Chart[] {
  const title = "How the experts share the tokens";
  const text = caption(
    record,
    "Share of the held-out tokens that select each expert, in units of the uniform share a/N. " +
      "The paper's Fig. 2 does not show this; it is here because an idle expert would make the " +
      "comparison of active widths untrue.",
    costPhrase(record.cost),
  );
  const head = { title, subtitle: provenance(record), description: text };
  const spec = expertLoad(record, swept, head);
  return spec === null ? [] : [{ name: "expert-load", title, caption: text, spec }];
}

/**
 * AdamW's timescale at every optimum. Weights that decay by lr·wd a step are an average of what was put into them over
 * about 1/(lr·wd) steps; as a share of the training that is
 *
 *     τ = 1 / (lr · wd · steps) = B / (η λ D)
 *
 * with the peak of the schedule for lr. All of it follows from the optima: τ ∝ 1/x for a swept x of
 * lr and wd, so its interval is the optimum's turned round, and its ratio to the reference's is, in octaves, what the rule
 * gives at one x less the shift: the interval of the judged shift, paired as that is, moved by a constant.
 *
 * Source: arXiv 2505.13738 ("Power Lines"), after 2405.13698.
 *
 * @module
 */
import type { FindingsTable, Interval, Judgement, TableCell } from "../record/findings.ts";
import { SHIFT } from "../record/measure_names.ts";
import { mapped } from "../statistics/interval.ts";
import { sweepOptimum } from "../statistics/optimum.ts";
import { cellsOf, type Line } from "./cells.ts";
import { ROLE, type Sweeps } from "./sweeps.ts";

/** The hidden matrix whose decay is shown; W_gate trains with the same row. */
const KIND = "wup";

const NOTE =
  `tau = 1/(lr · weight decay · steps) of ${KIND} at the optimum and the schedule's peak: the share of the training ` +
  'over which AdamW averages its updates; ratio: log2 of it over the reference\'s, and "if kept" the same, in octaves ' +
  "too, were the optimum where the reference has it. A constant tau would have 0 within every interval of the ratio, and these " +
  "narrow; whether it is constant is left to them, and nothing is judged. arXiv 2505.13738 has the optimum of tau constant " +
  "for one model and amount of data, and falling with the tokens per parameter, as their power of about −0.5, so " +
  "that a larger model on the same data has a longer one. It tunes the weight decay: where the learning rate is swept here, its " +
  "optimum serves more than tau.";

/** lr·wd·steps of a line at its swept value 2^log2x, with both factors; null where nothing decays. */
function decayAt(sweeps: Sweeps, line: Line, log2x: number) {
  const { rows, steps } = sweeps.job(line, { ...cellsOf(line)[0], log2x });
  const { lr, weightDecay } = rows[KIND];
  return lr * weightDecay > 0 ? { lr, weightDecay, decays: lr * weightDecay * steps } : null;
}

const falling = ({ estimate, lo, hi }: Interval): Interval => ({
  estimate: -estimate,
  lo: -hi,
  hi: -lo,
});

/** A line's row; null where it has no optimum, or nothing decays. */
function rowOf(
  sweeps: Sweeps,
  line: Line,
  judgements: readonly Judgement[],
): TableCell[] | null {
  const sweep = sweeps.sweepOf(line), x = sweep && sweepOptimum(sweep).log2x;
  const at = x && decayAt(sweeps, line, x.estimate);
  if (!x || !at) return null;
  const { panel, label, rule, role } = line;
  // decays ∝ x
  const tau = mapped(falling(x), (minus) => 2 ** (minus + x.estimate) / at.decays);
  const shared = [panel, label, rule, at.lr, at.weightDecay, tau];
  if (role === "reference") return [...shared, "reference", null];
  const reference = decayAt(sweeps, sweeps.referenceOf(line), x.estimate);
  const kept = reference && Math.log2(reference.decays / at.decays);
  const shift = judgements.find((j) =>
    j.panel === panel && j.subject === label && j.variant === rule && j.role === ROLE[role]
  )?.measures.find(({ name }) => name === SHIFT)?.value;
  if (kept === null || !shift) return [...shared, null, kept];
  return [...shared, mapped(falling(shift), (octaves) => kept + octaves), kept];
}

/**
 * The timescale at the optima of all lines that sweep what it depends on; no table where there is none.
 *
 * @param judgements of the same sweeps
 */
export function timescales(sweeps: Sweeps, judgements: readonly Judgement[]): FindingsTable[] {
  const lines = sweeps.lines.filter(({ swept }) => swept !== "initStd");
  const rows = lines.flatMap((line) => {
    const row = rowOf(sweeps, line, judgements);
    return row === null ? [] : [row];
  });
  if (rows.length === 0) return [];
  return [{
    title: `AdamW's timescale at the optima, of ${KIND}`,
    columns: [
      { name: "panel", unit: "", decimals: null },
      { name: "model", unit: "", decimals: null },
      { name: "rule", unit: "", decimals: null },
      { name: "lr as trained", unit: "", decimals: null },
      { name: "wd", unit: "", decimals: null },
      { name: "tau", unit: "", decimals: 2 },
      { name: "ratio", unit: "octaves", decimals: 2 },
      { name: "if kept", unit: "octaves", decimals: 2 },
    ],
    rows,
    note: NOTE,
  }];
}

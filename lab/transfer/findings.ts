/**
 * What the sweeps of a transfer suite say: panels, judgements, rankings, and what stands beside them and decides nothing.
 *
 * @module
 */
import type { Measured } from "../suite.ts";
import type { FindingsTable, Panel, TableCell } from "../record/findings.ts";
import type { TaskFacts } from "../record/record.ts";
import { SWEPT_CHART, SWEPT_NAME } from "../record/run.ts";
import { cellsOf } from "./cells.ts";
import { durationExponent } from "./duration_exponent.ts";
import { rankings } from "./ranking.ts";
import { cautionText, type TransferDeclaration, type TransferProfile } from "./declaration.ts";
import { singularValues } from "./singular_values.ts";
import type { Sweeps } from "./sweeps.ts";
import { timescales } from "./timescale.ts";

/** Raised when what is said of every transfer suite changes, what stands beside included: a part of each one's version. */
export const FINDINGS_VERSION = 1;

/** What is measured so far. */
export function findingsOf(
  suite: TransferDeclaration,
  profile: TransferProfile,
  sweeps: Sweeps,
  { loss }: TaskFacts,
): Measured {
  const { caution } = suite.control;
  const { optima, judgements } = sweeps.judge(
    profile.limits,
    loss.unit,
    typeof caution === "object" ? caution.by : undefined,
  );
  return {
    evidence: { kind: "transfer", runs: sweeps.runs(), optima },
    findings: {
      panels: profile.panels.map((panel): Panel => ({
        name: panel.name,
        title: `${panel.name}: validation loss against ${SWEPT_NAME[panel.swept ?? "lr"]}`,
        decides: !panel.beside,
        chart: SWEPT_CHART[panel.swept ?? "lr"],
        mark: "line",
        x: { title: `${SWEPT_NAME[panel.swept ?? "lr"]} on the reference's scale`, scale: "log2" },
        y: { title: `validation loss (${loss.unit})`, scale: "linear" },
        rules: [],
      })),
      // its charts are drawn from the runs and optima
      points: [],
      judgements,
      tables: [
        ...rankings(judgements, optima, loss.unit),
        ...(suite.durationExponent ? [exponents(sweeps)] : []),
        ...timescales(sweeps, judgements),
        ...singularValues(sweeps),
      ],
      caveats: [
        ...(caution ? [`The control ${cautionText(caution)}.`] : []),
        ...suite.cautions ?? [],
      ],
    },
  };
}

/** The exponent of D in the optimal learning rate, panel by panel; see duration_exponent.ts. */
function exponents(sweeps: Sweeps): FindingsTable {
  const targets = sweeps.lines.filter((l) => l.role === "target" && l.swept === "lr");
  const rows = [...Map.groupBy(targets, (line) => line.panel)].flatMap(([panel, lines]) => {
    const reference = sweeps.referenceSweep(lines[0]);
    const swept = lines.flatMap((line) => {
      const { steps, sequences } = sweeps.job(line, cellsOf(line)[0]), { plan } = line;
      const sweep = sweeps.sweepOf(line);
      const rhoD = steps * sequences / (plan.steps * plan.sequences);
      return sweep && rhoD !== 1 ? [{ rhoD, sweep }] : [];
    });
    if (!reference || swept.length === 0) return [];
    const { exponent, reason } = durationExponent(reference, swept, 1 / 2);
    const row: TableCell[] = [panel, swept.length + 1, exponent, reason ?? ""];
    return [row];
  });
  return {
    title: "Exponent p of the duration, eta ~ D^-p",
    columns: [
      { name: "panel", unit: "", decimals: null },
      { name: "durations", unit: "", decimals: 0 },
      { name: "p", unit: "", decimals: 2 },
      { name: "doubtful", unit: "", decimals: null },
    ],
    rows,
    note: "1/2 in the rule; 0.28 to 0.32 measured elsewhere.",
  };
}

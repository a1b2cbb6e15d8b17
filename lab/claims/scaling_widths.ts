/**
 * Does a doubling of the experts buy less in a wider model? The slope of the loss between the ends of one axis at two
 * widths of the model, and their difference, paired by seed; shown beside the claim, decides nothing.
 *
 * The same two places at both widths, so that a curve that bends along the axis bends in both. Models of the
 * wider width are the axis' own. Source: 2202.01169, where what routing gains falls as the dense model
 * grows, until it gains nothing.
 *
 * @module
 */
import type { Single } from "../judge/decide.ts";
import type { FindingsTable, Panel, Point } from "../record/findings.ts";
import { column, panelOf, pointOf } from "../record/parts.ts";
import type { Run } from "../record/run.ts";
import { meanInterval } from "../statistics/paired.ts";
import type { SeededModel } from "./models.ts";
import {
  type AxisRuns,
  jointContrast,
  measureAxis,
  over,
  type ScalingAxis,
} from "./scaling_contrast.ts";
import { ONE_SEED } from "./suite.ts";

/** An axis at another width. */
export interface Widths {
  /** the axis of the profile, by name */
  axis: string;
  /** the same axis' ends, narrower models */
  narrow: Pick<ScalingAxis, "x" | "configurations">;
  /** words of the two widths, narrow first */
  names: [string, string];
}

/** Name of the panel. */
export const WIDTHS = "two widths";

/** The narrow models, of the seeds of the axis. */
export const widthModels = (widths: Widths | undefined, seeds: number[]): SeededModel[] =>
  (widths?.narrow.configurations ?? []).map((configuration) => ({
    panel: WIDTHS,
    line: configuration,
    configuration,
    seeds,
  }));

/** What stands beside the claim: a slope per width, and their difference. */
export interface WidthsFindings {
  panels: Panel[];
  points: Point[];
  judgements: Single[];
  tables: FindingsTable[];
  caveats: string[];
}

/**
 * Measures the slopes at both widths.
 *
 * @param wide the axis of the profile @param runs of {@link widthModels}
 * @throws {RangeError} where the narrow models do not stand at the ends of the axis
 */
export function measureWidths(
  { narrow, names }: Widths,
  wide: AxisRuns,
  runs: Run[][],
  variant: string,
  unit: string,
): WidthsFindings {
  const { axis } = wide, last = axis.x.length - 1, ends = [axis.x[0], axis.x[last]];
  if (narrow.x.length !== 2 || narrow.x.some((x, i) => x !== ends[i])) {
    throw new RangeError(
      `Cannot compare ${axis.name} at two widths: ends at ${ends}, narrow models at ${narrow.x}`,
    );
  }
  const endsOfWide = measureAxis(
    { ...axis, x: ends, configurations: [axis.configurations[0], axis.configurations[last]] },
    [wide.runs[0], wide.runs[last]],
  );
  const both = [measureAxis({ ...axis, ...narrow }, runs), endsOfWide];
  const missing = both.find((m) => m.missing !== undefined)?.missing ?? ONE_SEED;
  const perDoubling = `${unit} per ${axis.scale === "log2" ? "doubling" : "step of the axis"}`;
  const common = {
    panel: WIDTHS,
    variant,
    role: "aside",
    name: "slope of the loss between the ends",
    unit: perDoubling,
  } as const;
  const slopes = both.map((of, i): Single => ({
    ...common,
    subject: `${axis.title}, ${names[i]}`,
    ...over(jointContrast([{ of, sign: 1 }])),
    limits: { hi: 0 },
    missing: of.missing ?? ONE_SEED,
  }));
  const difference: Single = {
    ...common,
    subject: `${axis.title}, ${names[1]} less ${names[0]}`,
    name: "difference of the slopes of the loss",
    ...over(jointContrast([{ of: both[1], sign: 1 }, { of: both[0], sign: -1 }])),
    limits: { lo: 0 },
    missing,
  };
  return {
    panels: [panelOf({
      name: WIDTHS,
      title: `Validation loss along ${axis.title} at two widths, less that of its start`,
      decides: false,
      chart: "two-widths",
      x: { title: axis.title, scale: axis.scale },
      y: { title: `validation loss less its start's (${unit})`, scale: "linear" },
      rules: [{ y: 0, label: "no gain" }],
    })],
    points: both.flatMap(({ table }, i): Point[] => {
      const gained = table && meanInterval(table[1].map((v, k) => v - table[0][k]));
      return gained
        ? [
          pointOf(WIDTHS, names[i], ends[0], 0),
          pointOf(WIDTHS, names[i], ends[1], gained.estimate, gained),
        ]
        : [];
    }),
    judgements: [...slopes, difference],
    tables: [{
      title: "Capacity at two widths",
      columns: [
        column("width"),
        column("configuration"),
        column("parameters", "", 0),
        column("mean", unit, 4),
        column("slope between the ends", perDoubling, 4),
      ],
      rows: both.flatMap(({ axis, runs, table }, i) =>
        axis.configurations.map((configuration, g) => [
          names[i],
          configuration,
          runs[g][0].parameters,
          table && (meanInterval(table[g]) ?? table[g]),
          g === 1 ? slopes[i].value : null,
        ])
      ),
      note: `${
        runs[0].length
      } paired seeds; intervals of means hold what a seed adds to every model, slopes do not.`,
    }],
    caveats: [
      `${names[0]} and ${
        names[1]
      } differ in how long they would want to train, too: at equal steps a wider model is further from what it could learn; and experts keep their width, so that the narrower model's FFN is the wider beside its d. Their difference decides nothing`,
    ],
  };
}

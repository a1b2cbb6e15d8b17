/**
 * A made-up record of a suite of claims, deterministic, from formulas and not from any machine: panels
 * with every axis, mark and role there is. It serves to draw and to check what is drawn; no number of it
 * is a result.
 */
import {
  CLAIM_SCHEMA,
  type ClaimJudgement,
  type ClaimRecord,
  claimRecordSchema,
  type PanelFacts,
  type Point,
} from "../../lab/record/claim_record.ts";
import { fixtureRecord, noise } from "./fixture.ts";

const rms = (name: string, size: string): PanelFacts => ({
  name,
  title: `RMS along ${name}`,
  mark: "line",
  x: { title: size, scale: "log2" },
  y: { title: "RMS of the change", scale: "log2" },
  rules: [],
});

const PANELS: PanelFacts[] = [
  rms("width", "width d"),
  rms("hidden", "hidden width H"),
  {
    name: "gap",
    title: "Gap to the dense model in the first 100 steps",
    mark: "line",
    x: { title: "step", scale: "linear" },
    y: { title: "gap (nats)", scale: "linear" },
    rules: [{ y: 0.1, label: "limit 0.1" }, { y: -0.1, label: "limit −0.1" }],
  },
  {
    name: "axes",
    title: "Loss at fixed hyperparameters",
    mark: "points",
    x: { title: "configuration", scale: "nominal" },
    y: { title: "validation loss (nats)", scale: "linear" },
    rules: [],
  },
];

const VARIANTS = ["complete-mue", "standard", "mup"];
const SLOPES: Record<string, number> = { "complete-mue": 0.02, "standard": 0.8, "mup": 0.35 };
const round = (value: number) => Number(value.toPrecision(6));

function curves(panel: string, sizes: number[]): Point[] {
  return VARIANTS.flatMap((line) =>
    sizes.map((x) => {
      const y = 0.02 * (x / sizes[0]) ** SLOPES[line] * 2 ** (0.1 * noise(`${panel}${line}${x}`));
      return { panel, line, x, y: round(y), lo: round(y / 1.15), hi: round(y * 1.15) };
    })
  );
}

function gaps(): Point[] {
  return ["16e4a", "16e4a without R"].flatMap((line, variant) =>
    Array.from({ length: 50 }, (_, index) => {
      const y = variant * 0.25 * (1 - Math.exp(-index / 12)) + 0.02 * noise(`${line}${index}`);
      return {
        panel: "gap",
        line,
        x: 2 * index + 1,
        y: round(y),
        lo: round(y - 0.03),
        hi: round(y + 0.03),
      };
    })
  );
}

const bars: Point[] = ["16e2a", "16e4a", "16e8a", "16e16a"].flatMap((x, index) =>
  ["final", "at half the steps"].map((line, late) => {
    const y = round(2.06 - 0.02 * index + 0.09 * late);
    return { panel: "axes", line, x, y, lo: round(y - 0.012), hi: round(y + 0.012) };
  })
);

const judgement = (
  panel: string,
  quantity: string,
  role: ClaimJudgement["role"],
  variant: string,
  value: [estimate: number, lo: number, hi: number] | null,
  [lo, hi]: [number | null, number | null],
  verdict: ClaimJudgement["verdict"],
  unit = "",
): ClaimJudgement => ({
  panel,
  quantity,
  role,
  variant,
  unit,
  value: value && { estimate: value[0], lo: value[1], hi: value[2] },
  limits: { lo, hi },
  verdict,
  reason: value === null ? "it was not measured" : `${value[0]}, made up`,
});

const JUDGEMENTS: ClaimJudgement[] = [
  judgement(
    "width",
    "slope of log2 RMS over log2 d",
    "claim",
    "complete-mue",
    [0.021, -0.04, 0.08],
    [
      -0.25,
      0.25,
    ],
    "pass",
  ),
  judgement("width", "slope of log2 RMS over log2 d", "control", "standard", [0.81, 0.74, 0.88], [
    -0.25,
    0.25,
  ], "fail"),
  judgement("width", "slope of log2 RMS over log2 d", "aside", "mup", [0.35, 0.29, 0.41], [
    -0.25,
    0.25,
  ], "fail"),
  judgement("hidden", "slope of log2 RMS over log2 H", "claim", "complete-mue", null, [
    -0.25,
    0.25,
  ], "inconclusive"),
  judgement(
    "gap",
    "mean gap to dense",
    "claim",
    "16e4a",
    [0.004, -0.021, 0.033],
    [null, 0.1],
    "pass",
    "nats",
  ),
  judgement(
    "gap",
    "mean gap to dense",
    "control",
    "without R",
    [0.21, 0.18, 0.24],
    [null, 0.1],
    "fail",
    "nats",
  ),
];

/** The record; `change` overrides top-level fields. It satisfies the schema. */
export function claimFixture(change: Partial<ClaimRecord> = {}): ClaimRecord {
  const { environment, data, cost, runs } = fixtureRecord();
  const record: ClaimRecord = {
    schema: CLAIM_SCHEMA,
    createdAt: "2026-11-24T13:00:00.000Z",
    suite: {
      id: "scaling",
      title: "Made-up claims",
      figure: "Fig. 6",
      claim: "what is measured stays within its limits",
      heldFixed: "all but one size",
      varied: "d, H, steps, activated experts",
      measured: "RMS (log2), nats",
      passesIf: "every slope lies within ±0.25 and the gap below 0.1 nats",
      control: "standard must fail",
      source: "arXiv 2605.23893, Fig. 6",
    },
    plan: {
      profile: "quick",
      suiteVersion: "1",
      decided: { seeds: [0, 1, 2], limit: 0.25 },
      hash: "00aa11bb22cc33dd",
      exploratory: false,
    },
    environment,
    data,
    panels: PANELS,
    points: [
      ...curves("width", [16, 32, 64, 128]),
      ...curves("hidden", [16, 64, 256, 1024]),
      ...gaps(),
      ...bars,
    ],
    judgements: JUDGEMENTS,
    tables: [{
      title: "Slopes",
      head: ["axis", "complete-mue", "standard"],
      rows: [["d", "+0.02", "+0.81"], ["H", "", "+0.80"]],
      note: "0 is flat",
    }],
    caveats: ["Made up: it says nothing about anything."],
    runs: runs.slice(0, 6),
    verdict: "inconclusive",
    reason: "1 of 3 claims is undecided: slope of log2 RMS over log2 H: it was not measured",
    incomplete: false,
    cost,
    warnings: ["one seed diverged"],
    ...change,
  };
  return claimRecordSchema.parse(record);
}

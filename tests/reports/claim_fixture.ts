/**
 * A made-up record of a suite of claims, deterministic, from formulas and not from any machine: panels
 * with every axis, mark and role there is. It serves to draw and to check what is drawn; no number of it
 * is a result.
 */
import { decidePanels, decideSuite, judge } from "../../lab/judge/decide.ts";
import type {
  Findings,
  FindingsTable,
  Judgement,
  Panel,
  Point,
} from "../../lab/record/findings.ts";
import { sealed } from "../../lab/record/hash.ts";
import { type BenchRecord, recordSchema, SCHEMA } from "../../lab/record/record.ts";
import type { Run } from "../../lab/record/run.ts";
import { fixtureRecord, noise } from "./fixture.ts";

const rms = (name: string, size: string): Panel => ({
  name,
  title: `RMS along ${name}`,
  decides: true,
  chart: "rms-of-the-change",
  mark: "line",
  x: { title: size, scale: "log2" },
  y: { title: "RMS of the change", scale: "log2" },
  rules: [],
});

const PANELS: Panel[] = [
  rms("width", "width d"),
  rms("hidden", "hidden width H"),
  {
    name: "gap",
    title: "Gap to the dense model in the first 100 steps",
    decides: true,
    chart: "gap",
    mark: "line",
    x: { title: "step", scale: "linear" },
    y: { title: "gap (nats)", scale: "linear" },
    rules: [{ y: 0.1, label: "limit 0.1" }, { y: -0.1, label: "limit −0.1" }],
  },
  {
    name: "axes",
    title: "Loss at fixed hyperparameters",
    decides: false,
    chart: "axes",
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
      return {
        panel,
        line,
        series: null,
        x,
        y: round(y),
        lo: round(y / 1.15),
        hi: round(y * 1.15),
      };
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
        series: null,
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
    return { panel: "axes", line, series: null, x, y, lo: round(y - 0.012), hi: round(y + 0.012) };
  })
);

const SLOPE = { lo: -0.25, hi: 0.25 };

const judged = (
  panel: string,
  role: Judgement["role"],
  variant: string,
  value: [estimate: number, lo: number, hi: number] | null,
): Judgement =>
  judge({
    panel,
    subject: panel === "gap" ? "16e4a" : `${panel} of the hidden states`,
    variant,
    role,
    measures: [{
      name: panel === "gap" ? "mean gap to dense" : `slope of log2 RMS over log2 ${panel}`,
      unit: panel === "gap" ? "nats" : "",
      value: value && { estimate: value[0], lo: value[1], hi: value[2] },
      limits: panel === "gap" ? { hi: 0.1 } : SLOPE,
    }],
  });

const JUDGEMENTS: Judgement[] = [
  judged("width", "claim", "complete-mue", [0.021, -0.04, 0.08]),
  judged("width", "control", "standard", [0.81, 0.74, 0.88]),
  judged("width", "aside", "mup", [0.35, 0.29, 0.41]),
  judged("hidden", "claim", "complete-mue", null),
  judged("gap", "claim", "complete-mue", [0.004, -0.021, 0.033]),
  judged("gap", "control", "without R", [0.21, 0.18, 0.24]),
];

const TABLE: FindingsTable = {
  title: "Slopes",
  columns: [
    { name: "axis", unit: "", decimals: null },
    { name: "complete-mue", unit: "octaves", decimals: 2 },
    { name: "all", unit: "", decimals: 1 },
  ],
  rows: [["d", { estimate: 0.02, lo: -0.04, hi: 0.08 }, [0.5, null]], ["H", null, [0.75]]],
  note: "0 is flat",
};

/** What may be changed in a made-up record; verdict and decisions follow from it. */
export type ClaimChange = Partial<
  Omit<BenchRecord, "evidence" | "findings"> & Findings & { runs: Run[] }
>;

/** The record; `change` overrides fields of it, its runs or its findings. It satisfies the schema. */
export function claimFixture(
  { runs, panels, points, judgements, tables, caveats, ...change }: ClaimChange = {},
): BenchRecord {
  const { environment, data, cost, task, evidence } = fixtureRecord();
  const findings: Findings = {
    panels: panels ?? PANELS,
    points: points ?? [
      ...curves("width", [16, 32, 64, 128]),
      ...curves("hidden", [16, 64, 256, 1024]),
      ...gaps(),
      ...bars,
    ],
    judgements: judgements ?? JUDGEMENTS,
    tables: tables ?? [TABLE],
    caveats: caveats ?? ["Made up: it says nothing about anything."],
  };
  return recordSchema.parse(sealed({
    schema: SCHEMA,
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
    task,
    plan: {
      profile: "quick",
      version: "1",
      decided: { seeds: [0, 1, 2], limit: 0.25 },
      hash: "00aa11bb22cc33dd",
      exploratory: false,
    },
    environment,
    data,
    evidence: { kind: "claims", runs: runs ?? evidence.runs.slice(0, 6) },
    findings,
    decisions: decidePanels(findings),
    ...decideSuite(findings, change.incomplete ?? false),
    incomplete: false,
    cost,
    trust: { canary: { before: "9f0c", after: "9f0c" }, trainedAgain: 1 },
    warnings: ["one seed diverged"],
    ...change,
  }));
}

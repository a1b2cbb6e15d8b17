/**
 * Several latency records side by side: which points they share, and what each machine made of them.
 *
 * @module
 */
import { quotient } from "../../lab/record/beside.ts";
import { LabError } from "../../lab/record/failure.ts";
import type { Interval } from "../../lab/record/findings.ts";
import type { LatencyPoint } from "../../lab/record/timed.ts";
import type { LatencyRecord } from "../sections/latency.ts";
import { commitName, many, runtimeName } from "../words/phrases.ts";

/** A record under the name that tables and charts give it. */
export interface NamedRecord {
  /** unique among the records compared */
  name: string;
  record: LatencyRecord;
}

/** One layer on every machine. */
export interface ComparedPoint {
  /** the layer, as the first record that has it writes it */
  point: LatencyPoint;
  /** its point on each machine, in the order of the records; null where it was not timed */
  points: (LatencyPoint | null)[];
  /** time over the first machine's, unpaired; null where either was not timed */
  timesFirst: (Interval | null)[];
}

/** What makes two points of two machines the same layer. */
function identity(point: LatencyPoint): string {
  const { panel, series, configuration, tokens, routing, pass } = point;
  return [panel, series, configuration, tokens, routing, pass].join("\n");
}

/**
 * Refuses records that cannot stand side by side.
 *
 * @throws {LabError} fewer than two records, two of one name, two versions of the suite, or two plans
 */
export function checkComparable(records: NamedRecord[]): void {
  if (records.length < 2) {
    throw new LabError(`Cannot compare ${many(records.length, "record")}: give two or more`);
  }
  const [first, ...others] = records, names = new Set([first.name]);
  for (const { name, record } of others) {
    if (names.has(name)) {
      throw new LabError(
        `Cannot compare two records named ${name}: name them yourself, as in ` +
          `deno task compare laptop=DIR h100=DIR`,
      );
    }
    names.add(name);
    const differ = (what: string, of: (record: LatencyRecord) => string, shown = of) => {
      if (of(record) === of(first.record)) return;
      throw new LabError(
        `Cannot compare ${first.name} with ${name}: their ${what} differ, ` +
          `${shown(first.record)} and ${shown(record)}`,
      );
    };
    differ("suites", ({ suite }) => suite.id);
    differ("versions of the suite", ({ plan }) => plan.version);
    differ("plans", ({ plan }) => plan.hash, ({ plan }) => `${plan.profile} (plan ${plan.hash})`);
  }
}

/**
 * The layers that at least two of the machines timed, in the order of the records.
 *
 * @throws {LabError} when the records share no layer
 */
export function comparedPoints(records: NamedRecord[]): ComparedPoint[] {
  const byMachine = records.map(({ record }) =>
    new Map(record.evidence.points.map((point) => [identity(point), point]))
  );
  const identities = new Set(byMachine.flatMap((points) => [...points.keys()]));
  const rows = [...identities].flatMap((key): ComparedPoint[] => {
    const points = byMachine.map((machine) => machine.get(key) ?? null);
    const timed = points.filter((point) => point !== null);
    if (timed.length < 2) return [];
    const [first] = points;
    const timesFirst = points.map((point) =>
      point === null || first === null ? null : quotient(point.time_s, first.time_s)
    );
    return [{ point: timed[0], points, timesFirst }];
  });
  if (rows.length === 0) {
    const profiles = records.map(({ name, record }) => `${name} ${record.plan.profile}`).join(", ");
    throw new LabError(`Cannot compare: the records share no layer (profiles: ${profiles})`);
  }
  return rows;
}

/** A record's kernel variants in words, whatever the order they are stored in. */
function tuningOf(tuning: LatencyRecord["environment"]["tuning"]): string {
  if (tuning === "none") return "not tuned";
  const choices = Object.entries(tuning).sort(([a], [b]) => a < b ? -1 : 1);
  return `tuned (${choices.map(([name, choice]) => `${name}: ${choice}`).join("; ")})`;
}

/** What a reader must know of this comparison. */
export function compareNotes(records: NamedRecord[], rows: ComparedPoint[]): string[] {
  const only = records.map(({ name, record }, index) => ({
    name,
    left: record.evidence.points.length -
      rows.filter(({ points }) => points[index] !== null).length,
  })).filter(({ left }) => left > 0);
  const differing = (what: string, of: (record: LatencyRecord) => string): string[] => {
    const values = records.map(({ record }) => of(record));
    if (new Set(values).size < 2) return [];
    return [
      `${what} differ: ${records.map(({ name }, index) => `${name} ${values[index]}`).join(", ")}.`,
    ];
  };
  return [
    ...differing("Versions of mue-bench", (record) => record.environment.version),
    ...differing("Commits", (record) => commitName(record.environment.gitCommit)),
    ...differing("Versions of the kernels", (record) => record.environment.kernelsVersion),
    ...differing("Runtimes", ({ environment }) => runtimeName(environment)),
    ...differing("Kernel variants", (record) => tuningOf(record.environment.tuning)),
    ...differing("Storage of tensors", (record) => record.evidence.roofline.storage),
    ...only.map(({ name, left }) =>
      `${name}: ${left} points that no other record has are left out.`
    ),
    ...records.filter(({ record }) => record.environment.software)
      .map(({ name }) => `${name} is a software adapter: its times say nothing about GPUs.`),
    ...records.filter(({ record }) => record.incomplete || record.plan.exploratory)
      .map(({ name, record }) =>
        `${name} is ${record.incomplete ? "incomplete" : "exploratory: timed under another plan"}.`
      ),
    ...records.flatMap(({ name, record }) =>
      record.warnings.map((warning) => `${name}: ${warning}`)
    ),
  ];
}

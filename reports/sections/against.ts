/**
 * What a bench is beside earlier records, as a section and as cases for CI.
 *
 * @module
 */
import {
  type Against,
  type Change,
  CHANGES,
  type TimeChange,
  type TimesAgainst,
  type VerdictChange,
} from "../../lab/record/against.ts";
import type { Verdict } from "../../lab/record/findings.ts";
import { percent, significant } from "../words/format.ts";
import { many } from "../words/phrases.ts";
import { marked, VERDICT_MARK } from "../words/verdict.ts";
import {
  type Block,
  listSection,
  type Report,
  type Section,
  section,
  tableBlock,
  tableOf,
} from "./section.ts";

const WORDS: Record<Change, string> = {
  worse: "✗ worse",
  suspected: "suspected, not confirmed",
  like: "like before",
  better: "better",
};

/** Most layers that are named where nothing became of them. */
const SHOWN = 5;

const verdictWord = (verdict: Verdict | null, { role }: VerdictChange): string =>
  verdict === null
    ? "not judged"
    : role === null
    ? `${VERDICT_MARK[verdict]} ${verdict}`
    : marked(role, verdict);

const again = (value: number | null): string => value === null ? "" : significant(value);

/** What a layer would have to slow down by to be seen: half of them, more. */
function unseen(times: TimesAgainst | null): string {
  if (times === null || times.layers.length === 0) return "";
  const limits = times.layers.map(({ limit }) => limit).sort((a, b) => a - b);
  const middle = limits[Math.floor(limits.length / 2)];
  const advice = times.assumed ? "; five earlier records narrow it" : "";
  return `; a layer less than ${
    significant(middle)
  } times as slow would not be seen (the median)${advice}`;
}

/** How it went, in one sentence. */
export function againstSentence({ suite, records, worse, verdicts, times }: Against): string {
  const all = [...verdicts, ...times ? [...times.layers, times.together] : []];
  const count = (change: Change) => all.filter((one) => one.change === change).length;
  const beside = `beside ${many(records.length, "earlier record")}`;
  const suspected = count("suspected");
  const unconfirmed = suspected === 0
    ? ""
    : `; ${suspected} suspected and not confirmed when run again`;
  if (worse) return `${suite} got worse in ${count("worse")} of what is compared, ${beside}`;
  const better = count("better");
  const said = `${suite}: nothing got worse${better > 0 ? `, ${better} better` : ""}, ${beside}`;
  return `${said}${unconfirmed}${unseen(times)}`;
}

function verdictBlock({ verdicts }: Against): Block[] {
  if (verdicts.length === 0) return [];
  return [tableBlock(
    "against-verdicts",
    tableOf(verdicts, [
      ["judged", ({ name }) => name],
      ["before", (one) => verdictWord(one.before, one)],
      ["now", (one) => verdictWord(one.now, one)],
      ["run again", (one) => one.again === null ? "" : verdictWord(one.again, one)],
      ["", ({ change }) => WORDS[change]],
    ]),
    "A fall from pass to undecided counts as one from pass to fail does.",
  )];
}

/** All that changed, and the slowest of the others. */
function shownOf(layers: TimeChange[]): TimeChange[] {
  const slowest = layers.toSorted((a, b) => b.times - a.times);
  const changed = slowest.filter(({ change }) => change !== "like");
  return [
    ...changed,
    ...slowest.filter(({ change }) => change === "like")
      .slice(0, Math.max(0, SHOWN - changed.length)),
  ];
}

function timesBlock({ times, records }: Against): Block[] {
  if (times === null) return [];
  const { layers, together, seconds, spread, assumed } = times, shown = shownOf(layers);
  const rest = layers.length - shown.length;
  const said = assumed
    ? "One earlier record does not tell how times vary from run to run: a spread of at least " +
      `${
        percent(100 * spread)
      } is assumed, and the bench was run again. A folder of five gives a narrower band.`
    : `Band from ${many(records.length, "earlier record")}: a layer varies by ${
      percent(100 * spread)
    } from run to run (median).`;
  return [tableBlock(
    "against-times",
    tableOf([together, ...shown], [
      ["time", ({ name }) => name],
      ["over before", ({ times }) => significant(times)],
      ["run again", (one) => again(one.again)],
      ["limit", ({ limit }) => significant(limit)],
      ["", ({ change }) => WORDS[change]],
    ]),
    `${said} All layers share a factor of ${
      significant(seconds)
    } in seconds, which is taken out of ` +
      "each; it is judged by itself, and only as far as the machine's multiply-add rate does not explain it." +
      (rest > 0 ? ` ${many(rest, "layer")} within the band not shown.` : ""),
  )];
}

/** What changed, in lines that have room everywhere; then the tables. */
export function againstSections(against: Against): Section[] {
  const { notes, again, records, verdicts, times } = against;
  const changed = casesOf(against).filter(({ change }) => change !== "like")
    .sort((a, b) => CHANGES.indexOf(a.change) - CHANGES.indexOf(b.change));
  const said = section("Against the baseline", [
    { kind: "note", text: `${againstSentence(against)}.` },
    ...listSection("", [
      ...changed.map(({ name, message }) => `${name}: ${message}`),
      ...(notes.length ? [`Differs: ${notes.join("; ")}`] : []),
      ...(again === null ? [] : [`Run again in ${again}`]),
      `Compared with ${records.map(({ path }) => path).join(", ")}`,
    ]).flatMap(({ blocks }) => blocks),
  ], "all");
  if (verdicts.length === 0 && times === null) return [said];
  return [
    said,
    section("Against the baseline, in numbers", [
      ...verdictBlock(against),
      ...timesBlock(against),
    ]),
  ];
}

/** A case per verdict that changed and per layer, with what to say of it. */
function casesOf(
  { verdicts, times }: Against,
): { name: string; change: Change; message: string }[] {
  return [
    ...verdicts.map((one) => ({
      name: one.name,
      change: one.change,
      message: `${verdictWord(one.before, one)} before, ${verdictWord(one.now, one)} now: ${
        WORDS[one.change]
      }`,
    })),
    ...(times === null ? [] : [times.together, ...times.layers]).map((one) => ({
      name: `time of ${one.name}`,
      change: one.change,
      message: `${significant(one.times)} times before${
        one.again === null ? "" : `, ${significant(one.again)} when run again`
      }, limit ${significant(one.limit)}: ${WORDS[one.change]}`,
    })),
  ];
}

/** A report that also says what its bench is beside earlier ones; unchanged where there are none. */
export function withAgainst(report: Report, against: Against | null): Report {
  if (against === null) return report;
  const at = report.sections.findIndex(({ title }) => title === "Verdicts") + 1;
  return {
    ...report,
    sections: report.sections.toSpliced(at, 0, ...againstSections(against)),
    against: casesOf(against).map(({ name, change, message }) => ({
      name,
      worse: change === "worse",
      message,
    })),
  };
}

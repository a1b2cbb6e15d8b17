/**
 * `junit.xml` for CI systems: a test suite per bench, a test case for its verdict and one per claim and
 * control. A claim that fails is a failure; what is not decided is skipped with its reason; a control is
 * expected to fail, and one that does not is skipped, because it is no fault of the code. What decides
 * nothing is no test case.
 *
 * Of a bench that was held against earlier ones, what got worse is a failure and nothing else is: a claim
 * that fails as it did before is skipped.
 *
 * The form is what Jenkins' junit-10 schema allows.
 *
 * @module
 */
import type { Verdict } from "../../lab/record/findings.ts";
import { finite, fixed } from "../words/format.ts";
import { roleVerdict } from "../words/verdict.ts";
import type { JudgedRow, Report } from "../sections/section.ts";
import { escapeHtml } from "./html_parts.ts";

// deno-lint-ignore no-control-regex -- XML 1.0 has no place for them, escaped or not
const NO_XML = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;
const escapeXml = (text: string): string =>
  escapeHtml(text.toWellFormed().replace(NO_XML, "?").replace(/[\t\r\n]+/g, " "));

interface Case {
  name: string;
  /** what became of it; null: passed */
  outcome: "failure" | "skipped" | null;
  message: string;
}

const OUTCOME: Record<Verdict, Case["outcome"]> = {
  "pass": null,
  "fail": "failure",
  "inconclusive": "skipped",
  "cannot tell at this size": "skipped",
};

function caseOf({ name, role, verdict, reason }: JudgedRow): Case[] {
  const message = `${roleVerdict(role, verdict)}: ${reason}`;
  if (role === "claim") return [{ name, outcome: OUTCOME[verdict], message }];
  if (role !== "control") return [];
  return [{ name: `control, ${name}`, outcome: verdict === "fail" ? null : "skipped", message }];
}

/** Cases by what they are beside earlier records. */
function besideEarlier(cases: Case[], against: Report["against"]): Case[] {
  if (against === undefined) return cases;
  const compared = against.map(({ name, worse, message }): Case => ({
    name: `baseline, ${name}`,
    outcome: worse ? "failure" : null,
    message,
  }));
  const judged = cases.map((one): Case => ({
    ...one,
    outcome: one.outcome === "failure" ? "skipped" : one.outcome,
  }));
  return [...judged, ...compared];
}

function suiteLines({ head, sections, against }: Report): string[] {
  const judged = sections.flatMap(({ blocks }) =>
    blocks.flatMap((block) => block.kind === "table" ? block.judged ?? [] : [])
  );
  const message = `${head.phrase}: ${head.reason}`;
  const cases = besideEarlier([
    { name: "verdict of the suite", outcome: OUTCOME[head.verdict], message },
    ...judged.flatMap(caseOf),
  ], against);
  const many = (outcome: Case["outcome"]) => cases.filter((one) => one.outcome === outcome).length;
  const time = fixed(Math.max(0, finite(head.wall_s) ?? 0), 3);
  const shared = `name="${escapeXml(head.id)}" tests="${cases.length}" failures="${
    many("failure")
  }" errors="0" skipped="${many("skipped")}" time="${time}"`;
  return [
    `  <testsuite ${shared} timestamp="${head.createdAt.slice(0, 19)}">`,
    ...cases.map(({ name, outcome, message }, index) => {
      const spent = index === 0 ? time : "0";
      const start = `    <testcase classname="${escapeXml(head.id)}" name="${
        escapeXml(name)
      }" time="${spent}"`;
      return outcome === null
        ? `${start}/>`
        : `${start}><${outcome} message="${escapeXml(message)}"/></testcase>`;
    }),
    "  </testsuite>",
  ];
}

/** The file: one test suite per report. */
export function junitXml(reports: readonly Report[]): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="mue-bench">',
    ...reports.flatMap(suiteLines),
    "</testsuites>",
    "",
  ].join("\n");
}

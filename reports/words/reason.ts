/**
 * Why a suite or a panel is decided as it is, in one sentence: the counts, then what they rest on.
 *
 * @module
 */
import type { Counts, Decision } from "../../lab/record/decision.ts";
import type { Judgement } from "../../lab/record/findings.ts";
import { judgedName, judgedRole, judgementReason } from "./judgement.ts";
import { distinct, many } from "./phrases.ts";

/** More than these are not named. */
const NAMED = 4;

const total = ({ pass, fail, undecided }: Counts): number => pass + fail + undecided;

/** `2 of 3 claims`. */
const share = (part: number, counts: Counts, what: string): string =>
  `${part} of ${total(counts)} ${what}s`;

/** The judgements by name; where asked for and there are one or two, with their reasons. */
function named(deciding: Judgement[], reasons: boolean, name = judgedName): string {
  if (deciding.length === 0) return "";
  const told = deciding.slice(0, NAMED).map((one) =>
    deciding.length > 2 || !reasons ? name(one) : `${name(one)}: ${judgementReason(one)}`
  );
  const more = deciding.length - told.length;
  return `: ${told.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

/** The claims and controls so far, by verdict: `3 of 4 claims pass; controls seen to fail: 1 of 1`. */
export function countsPhrase({ claims, controls }: Decision["reason"]): string {
  if (total(claims) + total(controls) === 0) return "nothing judged";
  const open = [
    ...(claims.fail > 0 ? [`${claims.fail} fail`] : []),
    ...(claims.undecided > 0 ? [`${claims.undecided} undecided`] : []),
  ].map((text) => `, ${text}`).join("");
  const seen = total(controls) === 0
    ? "no control"
    : `controls seen to fail: ${controls.fail} of ${total(controls)}`;
  return total(claims) === 0 ? seen : `${share(claims.pass, claims, "claim")} pass${open}; ${seen}`;
}

/** The same to stand before {@link reasonSentence}; empty where the sentence says it. */
export function countsBeside(reason: Decision["reason"]): string {
  const said: Decision["reason"]["code"][] = ["undecided", "holds", "stopped"];
  return said.includes(reason.code) ? "" : countsPhrase(reason);
}

/** What all controls fail by, where that is not the axis: `the width and not by this axis`; else empty. */
function controlsBy(judgements: readonly Judgement[]): string {
  const controls = judgements.filter(({ role }) => role === "control");
  const by = distinct(controls.map((one) => one.by));
  return by.length === 1 && by[0] !== undefined ? `the ${by[0]} and not by this axis` : "";
}

/**
 * The sentence.
 *
 * @param decision verdict and reason
 * @param judgements those of the findings, which the reason points to
 * @param reasons say of one or two judgements why they are so; left out where that stands beside
 */
export function reasonSentence(
  { reason }: Decision,
  judgements: readonly Judgement[],
  reasons = true,
): string {
  const { code, claims, controls } = reason;
  const deciding = reason.deciding.flatMap((place) => judgements[place] ?? []);
  switch (code) {
    case "claim fails":
      return `${share(claims.fail, claims, "claim")} ${claims.fail === 1 ? "fails" : "fail"}${
        named(deciding, reasons)
      }`;
    case "control passes":
      return `${share(controls.pass, controls, "control")} ${
        controls.pass === 1 ? "passes" : "pass"
      } too, so that nothing shows that a wrong variant would have been noticed${
        named(deciding, reasons)
      }`;
    case "no control":
      return "there is no control that could have failed, so that passing would prove nothing";
    case "undecided":
      return [
        ...(claims.undecided > 0 ? [share(claims.undecided, claims, "claim")] : []),
        ...(controls.undecided > 0 ? [share(controls.undecided, controls, "control")] : []),
      ].join(" and ") +
        ` ${claims.undecided + controls.undecided === 1 ? "is" : "are"} undecided${
          named(deciding, reasons, judgedRole)
        }`;
    case "no claim":
      return "nothing is claimed";
    case "holds": {
      const by = controlsBy(judgements);
      return `${
        total(claims) === 1 ? "the claim passes" : `all ${many(total(claims), "claim")} pass`
      } and ${
        total(controls) === 1 ? "the control fails" : `all ${many(total(controls), "control")} fail`
      }${by === "" ? "" : ` by ${by}`}, as ${total(controls) === 1 ? "it" : "they"} should`;
    }
    case "stopped":
      return `stopped before its last planned measurement; so far ${countsPhrase(reason)}`;
  }
}

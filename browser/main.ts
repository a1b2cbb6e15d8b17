/**
 * The page's script: looks for the adapter, then does what the buttons ask, one thing at a time. What it
 * found stands on the page and, for a test that drives it, in `mueBench`.
 *
 * @module
 */
import { type Device, openDevice, settle } from "../kernels/gpu/device.ts";
import type { BenchRecord } from "../lab/record/record.ts";
import type { Run } from "../lab/record/run.ts";
import { PROFILES } from "../lab/suite.ts";
import { selfTest, type SelfTestLine } from "../model/check/selftest.ts";
import { reportOf } from "../reports/sections/index.ts";
import { progressText } from "../reports/words/progress.ts";
import { environmentHere } from "./environment.ts";
import { type Given, GIVEN_ID, textOf } from "./given.ts";
import { measureHere } from "./latency.ts";
import { adapterSection, selfTestSection, trainingSection } from "./sections.ts";
import { type Part, part, showRecord, showSections, whyNone } from "./show.ts";
import { PLAN, trainShortly } from "./training.ts";

/** What the page found so far. */
interface Found {
  /** `ready`, `busy`, or why nothing works */
  state: string;
  /** what the device complained about */
  errors: string[];
  selfTest?: { ok: boolean; lines: SelfTestLine[] };
  run?: Run;
  record?: BenchRecord;
}
const found: Found = { state: "busy", errors: [] };
Object.assign(globalThis, { mueBench: found });

const given: Given = JSON.parse(document.getElementById(GIVEN_ID)!.textContent!);
const STOP = "stop";

/** What a button does; `what` is its value. */
type Action = (device: Device, what: string, to: Part, signal: AbortSignal) => Promise<string>;

/** What each part of the page does; the sentence it gives is shown when it is done. */
const ACTIONS: Record<string, Action> = {
  async check(device, what, to) {
    const lines: SelfTestLine[] = [];
    const result = await selfTest(device, {
      short: what === "short",
      read: (name) => Promise.resolve(given.cases[name]),
      onLine(line) {
        lines.push(line);
        to.say(`${line.case} …`);
        showSections(to, [selfTestSection(lines)]);
      },
    });
    found.selfTest = result;
    return result.ok ? "all within their bounds" : "NOT within the bounds";
  },
  async train(device, _, to, signal) {
    found.run = await trainShortly(device, textOf(given), PLAN, (step) => {
      to.say(`step ${step} of ${PLAN.steps}`);
    }, signal);
    showSections(to, [trainingSection(found.run)]);
    return "done";
  },
  async latency(device, what, to, signal) {
    const record = await measureHere(device, {
      profile: PROFILES.find((name) => name === what)!,
      environment: (tuned) => environmentHere(tuned, given),
      signal,
      onProgress: (progress) => to.say(progressText("latency", progress)),
    });
    if (record === null) return "stopped before anything could be said";
    found.record = record;
    await showRecord(to, record, reportOf(record));
    return record.incomplete ? "stopped; what was timed is below" : "done";
  },
};

/** Opens the device and makes the buttons work. */
async function start(): Promise<void> {
  const adapter = part("adapter");
  let device: Device;
  try {
    const kernels = new URLSearchParams(location.search).get("kernels");
    device = await openDevice(kernels === "gpu" || kernels === "software" ? { kernels } : {});
  } catch (error) {
    found.state = whyNone(error);
    adapter.fail(found.state);
    return;
  }
  found.errors = device.errors;
  showSections(adapter, [adapterSection(environmentHere(device, given), device.gpu.limits)]);
  let abort = new AbortController();
  const idle = (is: boolean) => {
    for (const id of Object.keys(ACTIONS)) {
      for (const button of part(id).buttons) button.disabled = is === (button.value === STOP);
    }
    found.state = is ? "ready" : "busy";
  };
  for (const [id, action] of Object.entries(ACTIONS)) {
    const to = part(id);
    for (const button of to.buttons) {
      button.addEventListener("click", async () => {
        if (button.value === STOP) return abort.abort();
        abort = new AbortController();
        idle(false);
        to.clear();
        try {
          const done = await action(device, button.value, to, abort.signal);
          await settle(device);
          to.say(done);
          idle(true);
        } catch (error) {
          found.state = whyNone(error);
          to.fail(found.state);
          if (device.errors.length === 0) idle(true);
        }
      });
    }
  }
  idle(true);
}

await start();

/** The latency suite as the page runs it, here under Deno: what a stopped one leaves. */
import assert from "node:assert/strict";
import { environmentHere } from "../../browser/environment.ts";
import { measureHere } from "../../browser/latency.ts";
import { recordSchema } from "../../lab/record/record.ts";
import { reportOf } from "../../reports/sections/index.ts";
import { withDevice } from "../with_device.ts";

const GIVEN = { version: "1.2.3", gitCommit: null, deno: "2.9.6", cases: {}, text: null! };
const TOLD = { userAgent: "Mozilla/5.0 Toy/1", hardwareConcurrency: 3 };

Deno.test("a measurement that is stopped is judged as far as it came, and says so", () =>
  withDevice({}, async (device) => {
    const stop = new AbortController(), told: string[] = [];
    const record = await measureHere(device, {
      profile: "smoke",
      environment: (tuned) => environmentHere(tuned, GIVEN, TOLD),
      signal: stop.signal,
      onProgress({ label, done }) {
        told.push(label);
        if (done === 1) stop.abort();
      },
    });
    assert.equal(told[0], "ceilings of the adapter");
    assert.deepEqual(recordSchema.parse(record), record);
    const { incomplete, verdict, warnings, evidence, environment, cost } = record!;
    assert.deepEqual([incomplete, verdict], [true, "inconclusive"]);
    assert.ok(evidence.kind === "latency" && evidence.points.length > 0);
    assert.match(warnings.join("\n"), /^timed in a browser: [\s\S]*1 of \d+ groups are timed/);
    assert.deepEqual([environment.browser, environment.os, environment.cpus], [
      TOLD.userAgent,
      "not told",
      3,
    ]);
    const { sections } = reportOf(record!), words = JSON.stringify(sections);
    assert.match(words, /deno task page # and there, in a browser: Latency, smoke/);
    assert.ok(words.includes(TOLD.userAgent) && !words.includes("Deno 2.9.6"));
    assert.ok(cost.coresBusy === null && cost.peakDevice_bytes! > 0);
  }));

Deno.test("a measurement that is stopped at once leaves no record", () =>
  withDevice({}, async (device) => {
    const record = await measureHere(device, {
      profile: "smoke",
      environment: (tuned) => environmentHere(tuned, GIVEN, TOLD),
      signal: AbortSignal.abort(),
      onProgress() {},
    });
    assert.equal(record, null);
  }));

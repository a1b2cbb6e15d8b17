/** The self-test passes here, can fail, and says what it left out. */
import assert from "node:assert/strict";
import { type Device, openDevice } from "../../../kernels/gpu/device.ts";
import { parseParityCase } from "../../../model/check/parity.ts";
import { selfTest, selfTestCase, type SelfTestLine } from "../../../model/check/selftest.ts";
import { withDevice } from "../../with_device.ts";

const NAME = "moe_6e3a_shared1";
const FILE = new URL(`../../../fixtures/parity/${NAME}.json`, import.meta.url);
function read() {
  const c = parseParityCase(Deno.readTextFileSync(FILE), NAME);
  assert.ok(c.schema === "parity-case/1");
  return c;
}

Deno.test("the short self-test runs one case with the device's own profile, in seconds", () =>
  withDevice({}, async (device) => {
    const told: SelfTestLine[] = [];
    const { ok, lines } = await selfTest(device, { short: true, onLine: (l) => told.push(l) });
    assert.ok(ok);
    assert.deepEqual(told, lines);
    assert.equal(lines.length, 1);
    const [{ kernels, storage, worst, quantities, note, skipped, time_s }] = lines;
    assert.deepEqual({ kernels, storage }, device.profile);
    assert.equal(skipped, false);
    assert.equal(note, null);
    // 33 weights, the total's six quantities, two loads, trajectory and the loss after it
    assert.ok(quantities > 35, `${quantities} quantities`);
    assert.ok(worst && worst.error > 0 && worst.error <= worst.bound);
    assert.ok(time_s < 30, `${time_s} s`);
  }));

Deno.test("a case with another expectation fails and names the quantity", () =>
  withDevice({}, async (device) => {
    const c = read(), expect = { ...c.expect, zLoss: c.expect.zLoss * 1.001 };
    const line = await selfTestCase(device, { ...c, expect });
    assert.equal(line.ok, false);
    assert.equal(line.worst?.quantity, "zLoss");
    assert.ok(line.worst.error > line.worst.bound);
  }));

Deno.test("a device that is gone fails the case instead of passing it empty", async () => {
  const device = await openDevice();
  device.close();
  const line = await selfTestCase(device, read());
  assert.equal(line.ok, false);
  assert.equal(line.quantities, 0);
  assert.ok(line.note);
});

Deno.test("an adapter with few bindings skips the other variants and says so, never its own", async () => {
  const gpu = {
    limits: { maxStorageTexturesPerShaderStage: 4, maxStorageBuffersPerShaderStage: 7 },
    pushErrorScope() {},
    popErrorScope: () => Promise.resolve({ message: "too many\nbindings" }),
  };
  const profile = { kernels: "gpu", storage: "buffer" };
  const device = { gpu, profile, errors: [], adapter: { software: false } } as unknown as Device;
  const { ok, lines } = await selfTest(device);
  assert.equal(ok, false);
  const own = lines.filter((l) => !l.skipped), rest = lines.filter((l) => l.skipped);
  assert.equal(own.length, 7);
  for (const line of own) {
    assert.deepEqual([line.kernels, line.storage, line.ok], ["gpu", "buffer", false]);
    assert.equal(line.note, "too many");
  }
  assert.deepEqual(rest.map((l) => `${l.kernels} ${l.storage}`), [
    "software texture",
    "software buffer",
    "gpu texture",
  ]);
  assert.equal(rest[0].note, "the adapter binds 4 storage textures, 8 are needed");
  assert.equal(rest[1].note, "the adapter binds 7 storage buffers, 8 are needed");
});

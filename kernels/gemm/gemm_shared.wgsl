// C = epilogue(alpha[replica] * opA(A) opB(B)), f32: gemm.wgsl for GPUs, with tiles in shared memory.
//   The layouts, groupings, epilogues and dims are those of gemm.wgsl, where they are explained.
//
//   One workgroup makes ROWS x COLS of C (SWIGLU: half the columns are gate, half up), DEPTH k at a
//   time. The lanes fetch A and B in blocks of 4 x 4, block by block until both are there, turned so
//   that tile[k] holds vec4 along rows (A) or columns (B). The next blocks are fetched while these
//   are multiplied. A lane owns 4 * VR rows and VC vec4 of columns, LY vec4 of rows and LX of columns
//   apart. CUT: k is cut into `parts` and C is a slab of partial products, without alpha; its sum is
//   gemm_reduce.wgsl's.
//
// Each output sums k in ascending order: bitwise repeatable, and as long as k is not cut the same
// bits for every tile. Where it is (CUT), each part sums its k in ascending order and the parts are
// added afterwards: repeatable too, but the bits depend on where the cuts are. Blocks past K are
// zero; rows and columns past the edge are computed and not stored. A workgroup has one expert (ROWS
// divides tile_rows), so that every lane of it meets the same barriers.

const NONE = 0xffffffffu;
const IDLE = 0x3fffffffu;      // a k past every end
const PITCH_A = ${ROWS / 4 + 1}u;             // vec4 per k, one of them against bank conflicts
const PITCH_B = ${COLS / 4 + 1}u;
const B_TILE = ${DEPTH * (ROWS / 4 + 1)}u;
var<workgroup> tile: array<vec4<f32>, ${DEPTH * (ROWS / 4 + COLS / 4 + 2)}>;

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

// a block: where it is read, its vec4 along the tile, its vec4 of k; neighbours are neighbours in memory
struct Block { at: vec4<u32>, quad: u32, kq: u32 }

fn block_a(dims: Dims, block: u32, first_row: u32, a_at: u32, replica: u32) -> Block {
#if TN
  let quad = block % ${ROWS / 4}u;
  return Block(vec4<u32>(a_at + first_row / 4u + quad), quad, block / ${ROWS / 4}u);
#else
  let quad = block / ${DEPTH / 4}u;
  let row = vec4<u32>(first_row + quad * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
#if GATHER_A
  let p = replica * dims.perm_replica + row;
  let at = a_at + dims.a_stride * vec4<u32>(token_of(dims, load_perm(p.x)), token_of(dims, load_perm(p.y)),
    token_of(dims, load_perm(p.z)), token_of(dims, load_perm(p.w)));
#else
  let at = a_at + row * dims.a_stride;
#end
  return Block(at, quad, block % ${DEPTH / 4}u);
#end
}

fn block_b(dims: Dims, block: u32, first_col: u32, b_at: u32) -> Block {
#if NT
  let quad = block / ${DEPTH / 4}u;
#if SWIGLU
  let up = select(0u, dims.b_up, quad >= ${COLS / 8}u);
  let col = vec4<u32>((first_col + quad % ${COLS / 8}u) * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
  return Block(b_at + up + col * dims.b_stride, quad, block % ${DEPTH / 4}u);
#else
  let col = vec4<u32>((first_col + quad) * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
  return Block(b_at + col * dims.b_stride, quad, block % ${DEPTH / 4}u);
#end
#else
  let quad = block % ${COLS / 4}u;
  return Block(vec4<u32>(b_at + first_col + quad), quad, block / ${COLS / 4}u);
#end
}

@compute @workgroup_size(${LANES})
fn gemm_shared(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let first_row = group.y * ${ROWS}u;
  let first_col = group.x * ${LX * CV}u;       // vec4
#if CUT
  let z = group.z / dims.parts;
#else
  let z = group.z;
#end
#if GROUPED_K
  let replica = z / dims.experts;
  let expert = z % dims.experts;
  let begin = load_off(replica * dims.off_replica + expert) / 4u;
  let end = load_off(replica * dims.off_replica + expert + 1u) / 4u;
#else
  let replica = z;
#if GROUPED_ROWS
  let expert = load_tile_expert(replica * dims.tiles + first_row / dims.tile_rows);
  if (expert == NONE) { return; }             // the whole workgroup
#else
  let expert = 0u;
#end
  let begin = 0u;
  let end = dims.k4;
#end
#if CUT
  let step = ${DEPTH / 4}u * dims.parts;
  let share = (end - begin + step - 1u) / step * ${DEPTH / 4}u;   // whole depths
  let first = min(end, begin + group.z % dims.parts * share);
  let last = min(end, first + share);
#else
  let first = begin;
  let last = end;
#end
  let a_at = dims.a_base + replica * dims.a_replica;
  let b_at = dims.b_base + replica * dims.b_replica + expert * dims.b_expert;

  // the blocks this lane fetches: of A, of B, or in one round of some lanes A and of others B
#for f in 0..FETCH
  let number${f} = lane + ${f * LANES}u;
  var block${f}: Block;
#if (f + 1) * LANES <= A_BLOCKS
  let is_a${f} = true;
#else
#if f * LANES >= A_BLOCKS
  let is_a${f} = false;
#else
  let is_a${f} = number${f} < ${A_BLOCKS}u;
#end
#end
  if (is_a${f}) { block${f} = block_a(dims, number${f}, first_row, a_at, replica); }
  else { block${f} = block_b(dims, number${f} - ${A_BLOCKS}u, first_col, b_at); }
  let slot${f} = block${f}.quad + block${f}.kq * 4u * select(PITCH_B, PITCH_A, is_a${f}) + select(B_TILE, 0u, is_a${f});
  let pitch${f} = select(PITCH_B, PITCH_A, is_a${f});
#if (f + 1) * LANES > A_BLOCKS + B_BLOCKS
  let busy${f} = number${f} < ${A_BLOCKS + B_BLOCKS}u;
  if (!busy${f}) { block${f}.kq = IDLE; }
#end
  var next${f}: mat4x4<f32>;
  if (is_a${f}) { next${f} = fetch_a(dims, block${f}.at, first + block${f}.kq, last, replica); }
  else { next${f} = fetch_b(dims, block${f}.at, first + block${f}.kq, last, replica); }
#end
  let x = lane % ${LX}u;
  let y = lane / ${LX}u;
#for i in 0..VR * 4
#for j in 0..VC
  var c${i}_${j} = vec4<f32>(0.0);
#end
#end

  // share, fetch ahead, multiply
  for (var k = first; k < last; k += ${DEPTH / 4}u) {
#for f in 0..FETCH
#if (f + 1) * LANES > A_BLOCKS + B_BLOCKS
    if (busy${f}) {
#end
#for i in 0..4
    tile[slot${f} + ${i}u * pitch${f}] = next${f}[${i}];
#end
#if (f + 1) * LANES > A_BLOCKS + B_BLOCKS
    }
#end
#end
    workgroupBarrier();
#for f in 0..FETCH
    let ahead${f} = k + ${DEPTH / 4}u + block${f}.kq;
    if (is_a${f}) { next${f} = fetch_a(dims, block${f}.at, ahead${f}, last, replica); }
    else { next${f} = fetch_b(dims, block${f}.at, ahead${f}, last, replica); }
#end
    for (var q = 0u; q < ${DEPTH}u; q++) {
#for i in 0..VR
      let a${i} = tile[q * PITCH_A + y + ${i * LY}u];
#end
#for j in 0..VC
      let b${j} = tile[B_TILE + q * PITCH_B + x + ${j * LX}u];
#end
#for i in 0..VR
#for e in 0..4
#for j in 0..VC
      c${i * 4 + e}_${j} = fma(vec4<f32>(a${i}[${e}]), b${j}, c${i * 4 + e}_${j});
#end
#end
#end
    }
    workgroupBarrier();
  }

#if CUT
  let alpha = 1.0;
  let c_at = group.z * dims.c_replica;
#else
  let alpha = load_scales(replica * dims.scale_stride + dims.scale_slot);
#if GROUPED_K
  let c_at = dims.c_base + replica * dims.c_replica + expert * dims.c_expert;
#else
  let c_at = dims.c_base + replica * dims.c_replica;
#end
#end
#for v in 0..VR
#for e in 0..4
  let row${v * 4 + e} = first_row + (y + ${v * LY}u) * 4u + ${e}u;
#end
#end
#for i in 0..VR * 4
  if (row${i} < dims.rows) {
    let at${i} = c_at + row${i} * dims.c_stride;
#if GATED && !TN
    let scale${i} = alpha * gate_of(dims, replica, load_perm(replica * dims.perm_replica + row${i}));
#else
    let scale${i} = alpha;
#end
#for j in 0..CV
    let col${j} = first_col + x + ${j * LX}u;
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

// ── the pool ──
export {}

// The part of the vectorised bracket scans that does not depend on the width of a register: 64 bytes as bit masks.
#pragma once
#include "CPrefilter.h"

typedef struct {
    uint64_t backslash, quote, open, close;
} block_masks;

typedef struct {
    uint64_t depth;
    uint64_t in_string;  // all ones inside a string
    uint64_t escaped;    // 1: the next byte is escaped
} extent_state;

// Bytes that an odd number of backslashes precedes (the technique of Langdale and Lemire, "Parsing Gigabytes of
// JSON per Second", section 3.1.1).
static inline uint64_t escaped_bytes(uint64_t backslash, uint64_t *carry) {
    if (backslash == 0) {
        uint64_t escaped = *carry;
        *carry = 0;
        return escaped;
    }
    const uint64_t even = 0x5555555555555555ULL;
    backslash &= ~*carry;
    uint64_t follows = backslash << 1 | *carry;
    uint64_t odd_starts = backslash & ~even & ~follows;
    uint64_t sequences;
    *carry = __builtin_add_overflow(odd_starts, backslash, &sequences);
    return (even ^ (sequences << 1)) & follows;
}

// The offset behind the bracket that brings the depth to 0, or 0 when this block does not.
static inline unsigned closing_bracket(extent_state *state, uint64_t open, uint64_t close, unsigned opens,
                                       unsigned closes) {
    if (state->depth > closes) {
        state->depth += (uint64_t)opens - closes;
        return 0;
    }
    for (uint64_t brackets = open | close; brackets != 0; brackets &= brackets - 1) {
        if (open & brackets & -brackets) {
            state->depth += 1;
        } else {
            state->depth -= 1;
            if (state->depth == 0) return (unsigned)__builtin_ctzll(brackets) + 1;
        }
    }
    return 0;
}

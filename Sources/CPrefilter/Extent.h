// The part of the vectorised bracket scans that does not depend on the width of a register: 64 bytes as bit masks.
#pragma once
#include "CPrefilter.h"
#include <string.h>

// What 64 bytes hold: brackets outside strings, and where one of the pairs of `is_pair` begins.
typedef struct {
    uint64_t open, close, pairs;
} block_marks;

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
static inline unsigned closing_bracket(extent_state *state, block_marks marks) {
    unsigned closes = (unsigned)__builtin_popcountll(marks.close);
    if (state->depth > closes) {
        state->depth += (uint64_t)__builtin_popcountll(marks.open) - closes;
        return 0;
    }
    for (uint64_t brackets = marks.open | marks.close; brackets != 0; brackets &= brackets - 1) {
        if (marks.open & brackets & -brackets) {
            state->depth += 1;
        } else {
            state->depth -= 1;
            if (state->depth == 0) return (unsigned)__builtin_ctzll(brackets) + 1;
        }
    }
    return 0;
}

typedef block_marks (*block_scan)(extent_state *, const uint8_t *);

// Scans from an opening bracket to the one that closes it. `scan` reads 65 bytes.
static inline __attribute__((always_inline)) amiwatch_extent scan_extent(const uint8_t *bytes, size_t length,
                                                                         size_t start, block_scan scan) {
    extent_state state = {0};
    size_t at = start;
    for (; at + 65 <= length; at += 64) {
        unsigned behind = closing_bracket(&state, scan(&state, bytes + at));
        if (behind != 0) return (amiwatch_extent){.end = at + behind, .closed = true};
    }
    for (; at < length; at += 64) {
        uint8_t rest[65] = {0};
        memcpy(rest, bytes + at, length - at < 65 ? length - at : 65);
        unsigned behind = closing_bracket(&state, scan(&state, rest));
        if (behind != 0) return (amiwatch_extent){.end = at + behind, .closed = true};
    }
    return (amiwatch_extent){.end = length, .in_string = state.in_string != 0};
}

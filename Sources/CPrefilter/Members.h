// Passing over the ignorable members of a list in one scan: their brackets and their event names are found together.
// The part that does not depend on the width of a register.
#pragma once
#include "Extent.h"
#include "Names.h"

// Offsets at which an event name, or what hides one, may stand; of most members one to five.
enum { most_places = 32 };
// Across half a page; the processor's own prefetching ends at each.
enum { prefetch_distance = 2048 };
typedef struct {
    size_t offsets[most_places];
    size_t count;  // most_places + 1: there are more
} name_places;

static inline void add_places(name_places *places, size_t base, uint64_t mask) {
    for (; __builtin_expect(mask != 0, 0) && places->count <= most_places; mask &= mask - 1) {
        if (places->count < most_places) places->offsets[places->count] = base + (size_t)__builtin_ctzll(mask);
        places->count += 1;
    }
}

static inline bool is_ignorable_member(const amiwatch_prefilter *prefilter, const uint8_t *bytes, size_t start,
                                       size_t end, const name_places *places) {
    amiwatch_names found = {0};
    if (places->count > most_places) {
        found = amiwatch_scan_names(prefilter, bytes + start, end - start);
        return is_one_other_call(&found, bytes + start, end - start);
    }
    if (is_inventory(bytes + start, end - start)) return false;
    for (size_t index = 0; index < places->count; index += 1)
        if (!inspect(prefilter, bytes + start, end - start, places->offsets[index] - start, &found)) return false;
    return is_one_other_call(&found, bytes + start, end - start);
}

// Where the object begins that a comma, and white space at most, parts from what ends at `end`; `length` when
// something else stands there.
static inline size_t next_object(const uint8_t *bytes, size_t length, size_t end) {
    bool is_behind_comma = false;
    for (size_t at = end; at < length; at += 1) {
        switch (bytes[at]) {
        case ' ': case '\n': case '\r': case '\t': break;
        case ',':
            if (is_behind_comma) return length;
            is_behind_comma = true;
            break;
        case '{': return is_behind_comma ? at : length;
        default: return length;
        }
    }
    return length;
}

static inline __attribute__((always_inline)) amiwatch_run scan_members(const amiwatch_prefilter *prefilter,
                                                                       const uint8_t *bytes, size_t length,
                                                                       size_t start, size_t maximum,
                                                                       block_scan scan) {
    amiwatch_run run = {.end = start};
    extent_state state = {0};
    name_places places = {.count = 0};
    size_t member = start;
    uint8_t rest[65] = {0};
    for (size_t at = start; at < length; at += 64) {
        const uint8_t *block = bytes + at;
        // Unpacked files are larger than the cache that this core has for itself.
        __builtin_prefetch(block + prefetch_distance);
        if (at + 65 > length) {
            memset(rest, 0, sizeof rest);
            memcpy(rest, block, length - at);
            block = rest;
        }
        block_marks marks = scan(&state, block);
        unsigned closes = (unsigned)__builtin_popcountll(marks.close);
        if (__builtin_expect(state.depth > closes, 1)) {
            state.depth += (uint64_t)__builtin_popcountll(marks.open) - closes;
            add_places(&places, at, marks.pairs);
            continue;
        }
        for (uint64_t brackets = marks.open | marks.close; brackets != 0; brackets &= brackets - 1) {
            uint64_t bracket = brackets & -brackets;
            if (marks.open & bracket) {
                state.depth += 1;
                continue;
            }
            state.depth -= 1;
            if (state.depth != 0) continue;
            size_t end = at + (size_t)__builtin_ctzll(bracket) + 1;
            add_places(&places, at, marks.pairs & (bracket - 1));
            if (!is_ignorable_member(prefilter, bytes, member, end, &places)) {
                run.next_start = member;
                run.next_end = end;
                return run;
            }
            run.count += 1;
            run.end = end;
            member = next_object(bytes, length, end);
            if (run.count == maximum || member == length) return run;
            places.count = 0;
            marks.pairs &= ~(bracket - 1);
        }
        add_places(&places, at, marks.pairs);
    }
    return run;
}

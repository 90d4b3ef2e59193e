// The scans with SSE2, 16 bytes at a time: what every x86-64 has.
#if defined(__x86_64__)
#include "Members.h"
#include <emmintrin.h>

static inline uint64_t pairs(const uint8_t *bytes) {
    uint64_t mask = 0;
    for (int part = 3; part >= 0; part -= 1) {
        __m128i first = _mm_loadu_si128((const __m128i *)bytes + part);
        __m128i second = _mm_loadu_si128((const __m128i *)(bytes + 1) + part);
        // A backslash becomes an underscore (and so do ] and ^, which `inspect` turns down).
        __m128i hidden =
            _mm_and_si128(_mm_cmpeq_epi8(_mm_or_si128(first, _mm_set1_epi8(3)), _mm_set1_epi8('_')),
                          _mm_cmpeq_epi8(second, _mm_set1_epi8('u')));
        __m128i name = _mm_and_si128(_mm_cmpeq_epi8(first, _mm_set1_epi8('t')),
                                     _mm_cmpeq_epi8(second, _mm_set1_epi8('N')));
        mask = mask << 16 | (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(hidden, name));
    }
    return mask;
}

// Positions at which a value may end, as `is_open_end` has it, in any of four places.
static inline __m128i open_ends(const uint8_t *bytes) {
    __m128i ends = _mm_setzero_si128(), brace = _mm_set1_epi8('}');
    for (int part = 0; part < 4; part += 1) {
        __m128i first = _mm_loadu_si128((const __m128i *)bytes + part);
        __m128i second = _mm_loadu_si128((const __m128i *)(bytes + 1) + part);
        __m128i inner = _mm_or_si128(_mm_cmpeq_epi8(second, _mm_set1_epi8(',')),
                                     _mm_cmpeq_epi8(_mm_or_si128(second, _mm_set1_epi8(0x20)), brace));
        ends = _mm_or_si128(ends, _mm_andnot_si128(inner, _mm_cmpeq_epi8(first, brace)));
    }
    return ends;
}

amiwatch_names amiwatch_scan_names_sse2(const amiwatch_prefilter *prefilter, const uint8_t *bytes, size_t length) {
    amiwatch_names found = {0};
    __m128i ends = _mm_setzero_si128();
    size_t at = 0;
    for (; at + 65 <= length; at += 64) {
        uint64_t mask = pairs(bytes + at);
        ends = _mm_or_si128(ends, open_ends(bytes + at));
        if (__builtin_expect(mask != 0, 0) && !inspect_all(prefilter, bytes, length, at, mask, &found)) return found;
    }
    if (at + 1 < length && length >= 65) {
        // The last 65 bytes once more, without the positions that were looked at.
        size_t last = length - 65;
        ends = _mm_or_si128(ends, open_ends(bytes + last));
        inspect_all(prefilter, bytes, length, last, pairs(bytes + last) & ~0ULL << (at - last), &found);
    } else if (at + 1 < length) {
        uint8_t rest[65];
        memset(rest, ',', sizeof rest);
        memcpy(rest, bytes, length);
        ends = open_ends(rest);
        inspect_all(prefilter, bytes, length, 0, pairs(rest), &found);
    }
    found.may_be_several = _mm_movemask_epi8(ends) != 0;
    return found;
}

static inline uint64_t equal(const __m128i part[4], char byte) {
    __m128i wanted = _mm_set1_epi8(byte);
    uint64_t mask = 0;
    for (int index = 3; index >= 0; index -= 1)
        mask = mask << 16 | (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(part[index], wanted));
    return mask;
}

static inline block_marks marks(extent_state *state, const uint8_t *bytes) {
    __m128i part[4];
    for (int index = 0; index < 4; index += 1) part[index] = _mm_loadu_si128((const __m128i *)bytes + index);
    uint64_t inside = equal(part, '"') & ~escaped_bytes(equal(part, '\\'), &state->escaped);
    for (unsigned shift = 1; shift < 64; shift <<= 1) inside ^= inside << shift;
    inside ^= state->in_string;
    state->in_string = (uint64_t)((int64_t)inside >> 63);
    // The bit turns [ into { and ] into }.
    for (int index = 0; index < 4; index += 1) part[index] = _mm_or_si128(part[index], _mm_set1_epi8(0x20));
    return (block_marks){
        .open = equal(part, '{') & ~inside, .close = equal(part, '}') & ~inside, .pairs = pairs(bytes)};
}

amiwatch_extent amiwatch_value_extent_sse2(const uint8_t *bytes, size_t length, size_t start) {
    return scan_extent(bytes, length, start, marks);
}

amiwatch_run amiwatch_ignorable_members_sse2(const amiwatch_prefilter *prefilter, const uint8_t *bytes,
                                             size_t length, size_t start, size_t maximum) {
    return scan_members(prefilter, bytes, length, start, maximum, marks);
}
#else
typedef int amiwatch_no_sse2;
#endif

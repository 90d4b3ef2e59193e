// The scans with SSE2, 16 bytes at a time: what every x86-64 has.
#if defined(__x86_64__)
#include "Extent.h"
#include "Names.h"
#include <emmintrin.h>

static inline int pairs(const uint8_t *bytes) {
    __m128i first = _mm_loadu_si128((const __m128i *)bytes);
    __m128i second = _mm_loadu_si128((const __m128i *)(bytes + 1));
    // Backslash, underscore and L all become underscore (with M, N, O, ] and ^, which `inspect` turns down).
    __m128i hidden =
        _mm_and_si128(_mm_cmpeq_epi8(_mm_or_si128(first, _mm_set1_epi8(0x13)), _mm_set1_epi8(0x5F)),
                      _mm_cmpeq_epi8(_mm_or_si128(second, _mm_set1_epi8(0x20)), _mm_set1_epi8('u')));
    __m128i name = _mm_and_si128(_mm_cmpeq_epi8(first, _mm_set1_epi8('t')),
                                 _mm_cmpeq_epi8(second, _mm_set1_epi8('N')));
    __m128i gzip = _mm_and_si128(_mm_cmpeq_epi8(first, _mm_set1_epi8('s')),
                                 _mm_cmpeq_epi8(second, _mm_set1_epi8('I')));
    return _mm_movemask_epi8(_mm_or_si128(hidden, _mm_or_si128(name, gzip)));
}

amiwatch_names amiwatch_scan_names_sse2(const amiwatch_prefilter *prefilter, const uint8_t *bytes, size_t length) {
    amiwatch_names found = {0};
    size_t at = 0;
    for (; at + 17 <= length; at += 16) {
        for (unsigned mask = (unsigned)pairs(bytes + at); mask != 0; mask &= mask - 1) {
            if (!inspect(prefilter, bytes, length, at + (size_t)__builtin_ctz(mask), &found)) {
                found.suspicious = true;
                return found;
            }
        }
    }
    return amiwatch_scan_names_portable(prefilter, bytes, length, at, found);
}

static inline uint64_t equal(const __m128i part[4], char byte) {
    __m128i wanted = _mm_set1_epi8(byte);
    uint64_t mask = 0;
    for (int index = 3; index >= 0; index -= 1)
        mask = mask << 16 | (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(part[index], wanted));
    return mask;
}

static inline unsigned block(extent_state *state, const uint8_t *bytes) {
    __m128i part[4];
    for (int index = 0; index < 4; index += 1) part[index] = _mm_loadu_si128((const __m128i *)bytes + index);
    uint64_t inside = equal(part, '"') & ~escaped_bytes(equal(part, '\\'), &state->escaped);
    for (unsigned shift = 1; shift < 64; shift <<= 1) inside ^= inside << shift;
    inside ^= state->in_string;
    state->in_string = (uint64_t)((int64_t)inside >> 63);
    // The bit turns [ into { and ] into }.
    for (int index = 0; index < 4; index += 1) part[index] = _mm_or_si128(part[index], _mm_set1_epi8(0x20));
    uint64_t open = equal(part, '{') & ~inside, close = equal(part, '}') & ~inside;
    return closing_bracket(state, open, close, (unsigned)__builtin_popcountll(open),
                           (unsigned)__builtin_popcountll(close));
}

amiwatch_extent amiwatch_value_extent_sse2(const uint8_t *bytes, size_t length, size_t start) {
    extent_state state = {0};
    size_t at = start;
    for (; at + 64 <= length; at += 64) {
        unsigned behind = block(&state, bytes + at);
        if (behind != 0) return (amiwatch_extent){.end = at + behind, .closed = true};
    }
    uint8_t rest[64] = {0};
    memcpy(rest, bytes + at, length - at);
    unsigned behind = block(&state, rest);
    if (behind != 0) return (amiwatch_extent){.end = at + behind, .closed = true};
    return (amiwatch_extent){.end = length, .in_string = state.in_string != 0};
}
#else
typedef int amiwatch_no_sse2;
#endif

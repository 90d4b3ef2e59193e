// The scans with AVX2, 32 bytes at a time.
#if defined(__x86_64__)
#include "Extent.h"
#include "Names.h"
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,pclmul,popcnt,bmi")))

// Positions at which one of the pairs of `is_pair` may begin.
AVX2 static inline __m256i pairs(const uint8_t *bytes) {
    __m256i first = _mm256_loadu_si256((const __m256i *)bytes);
    __m256i second = _mm256_loadu_si256((const __m256i *)(bytes + 1));
    // Backslash, underscore and L all become underscore (with M, N, O, ] and ^, which `inspect` turns down).
    __m256i hidden = _mm256_and_si256(
        _mm256_cmpeq_epi8(_mm256_or_si256(first, _mm256_set1_epi8(0x13)), _mm256_set1_epi8(0x5F)),
        _mm256_cmpeq_epi8(_mm256_or_si256(second, _mm256_set1_epi8(0x20)), _mm256_set1_epi8('u')));
    __m256i name = _mm256_and_si256(_mm256_cmpeq_epi8(first, _mm256_set1_epi8('t')),
                                    _mm256_cmpeq_epi8(second, _mm256_set1_epi8('N')));
    __m256i gzip = _mm256_and_si256(_mm256_cmpeq_epi8(first, _mm256_set1_epi8('s')),
                                    _mm256_cmpeq_epi8(second, _mm256_set1_epi8('I')));
    return _mm256_or_si256(hidden, _mm256_or_si256(name, gzip));
}

AVX2 amiwatch_names amiwatch_scan_names_avx2(const amiwatch_prefilter *prefilter, const uint8_t *bytes,
                                             size_t length) {
    amiwatch_names found = {0};
    size_t at = 0;
    for (; at + 65 <= length; at += 64) {
        __m256i low = pairs(bytes + at), high = pairs(bytes + at + 32);
        __m256i any = _mm256_or_si256(low, high);
        if (__builtin_expect(_mm256_testz_si256(any, any), 1)) continue;
        uint64_t mask = (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
        for (; mask != 0; mask &= mask - 1) {
            if (!inspect(prefilter, bytes, length, at + (size_t)__builtin_ctzll(mask), &found)) {
                found.suspicious = true;
                return found;
            }
        }
    }
    return amiwatch_scan_names_portable(prefilter, bytes, length, at, found);
}

AVX2 static inline uint64_t equal(__m256i low, __m256i high, char byte) {
    __m256i wanted = _mm256_set1_epi8(byte);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)) << 32;
}

AVX2 static inline unsigned block(extent_state *state, const uint8_t *bytes) {
    __m256i low = _mm256_loadu_si256((const __m256i *)bytes);
    __m256i high = _mm256_loadu_si256((const __m256i *)(bytes + 32));
    uint64_t quotes = equal(low, high, '"') & ~escaped_bytes(equal(low, high, '\\'), &state->escaped);
    uint64_t inside = (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)quotes),
                                                                       _mm_set1_epi8((char)0xFF), 0)) ^
                      state->in_string;
    state->in_string = (uint64_t)((int64_t)inside >> 63);
    __m256i bit = _mm256_set1_epi8(0x20);  // turns [ into { and ] into }
    low = _mm256_or_si256(low, bit);
    high = _mm256_or_si256(high, bit);
    uint64_t open = equal(low, high, '{') & ~inside, close = equal(low, high, '}') & ~inside;
    return closing_bracket(state, open, close, (unsigned)__builtin_popcountll(open),
                           (unsigned)__builtin_popcountll(close));
}

AVX2 amiwatch_extent amiwatch_value_extent_avx2(const uint8_t *bytes, size_t length, size_t start) {
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
typedef int amiwatch_no_avx2;
#endif

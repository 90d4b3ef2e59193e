// The scans with AVX2, 32 bytes at a time.
#if defined(__x86_64__)
#include "Members.h"
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,pclmul,popcnt,bmi")))

// Positions at which one of the pairs of `is_pair` may begin.
AVX2 static inline __m256i pairs(const uint8_t *bytes) {
    __m256i first = _mm256_loadu_si256((const __m256i *)bytes);
    __m256i second = _mm256_loadu_si256((const __m256i *)(bytes + 1));
    // A backslash becomes an underscore (and so do ] and ^, which `inspect` turns down).
    __m256i hidden =
        _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_or_si256(first, _mm256_set1_epi8(3)), _mm256_set1_epi8('_')),
                         _mm256_cmpeq_epi8(second, _mm256_set1_epi8('u')));
    __m256i name = _mm256_and_si256(_mm256_cmpeq_epi8(first, _mm256_set1_epi8('t')),
                                    _mm256_cmpeq_epi8(second, _mm256_set1_epi8('N')));
    return _mm256_or_si256(hidden, name);
}

// Positions at which a value may end, as `is_open_end` has it.
AVX2 static inline __m256i open_ends(const uint8_t *bytes) {
    __m256i first = _mm256_loadu_si256((const __m256i *)bytes), brace = _mm256_set1_epi8('}');
    __m256i second = _mm256_loadu_si256((const __m256i *)(bytes + 1));
    __m256i inner = _mm256_or_si256(_mm256_cmpeq_epi8(second, _mm256_set1_epi8(',')),
                                    _mm256_cmpeq_epi8(_mm256_or_si256(second, _mm256_set1_epi8(0x20)), brace));
    return _mm256_andnot_si256(inner, _mm256_cmpeq_epi8(first, brace));
}

AVX2 static inline uint64_t mask_of(__m256i low, __m256i high) {
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

AVX2 amiwatch_names amiwatch_scan_names_avx2(const amiwatch_prefilter *prefilter, const uint8_t *bytes,
                                             size_t length) {
    amiwatch_names found = {0};
    uint8_t copy[129];
    const uint8_t *from = bytes;
    __m256i ends = _mm256_setzero_si256();
    size_t at = 0, base = 0;
    uint64_t fresh_low = ~0ULL, fresh_high = ~0ULL;
    if (length < 129) {
        memset(copy, ',', sizeof copy);
        memcpy(copy, bytes, length);
        from = copy;
    }
    while (at + 1 < length) {
        if (length >= 129 && at + 129 > length) {
            // The last 129 bytes once more, without the positions that were looked at.
            base = length - 129;
            size_t seen = at - base;
            fresh_low = seen >= 64 ? 0 : ~0ULL << seen;
            fresh_high = seen >= 64 ? ~0ULL << (seen - 64) : ~0ULL;
        } else {
            base = at;
        }
        const uint8_t *block = from + base;
        at += 128;
        __m256i a = pairs(block), b = pairs(block + 32), c = pairs(block + 64), d = pairs(block + 96);
        __m256i any = _mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d));
        ends = _mm256_or_si256(ends, _mm256_or_si256(_mm256_or_si256(open_ends(block), open_ends(block + 32)),
                                                     _mm256_or_si256(open_ends(block + 64), open_ends(block + 96))));
        if (__builtin_expect(_mm256_testz_si256(any, any), 1)) continue;
        if (!inspect_all(prefilter, bytes, length, base, mask_of(a, b) & fresh_low, &found)) return found;
        if (!inspect_all(prefilter, bytes, length, base + 64, mask_of(c, d) & fresh_high, &found)) return found;
    }
    found.may_be_several = !_mm256_testz_si256(ends, ends);
    return found;
}

AVX2 static inline uint64_t equal(__m256i low, __m256i high, char byte) {
    __m256i wanted = _mm256_set1_epi8(byte);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)) << 32;
}

AVX2 static inline block_marks marks(extent_state *state, const uint8_t *bytes) {
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
    block_marks marks = {.open = equal(low, high, '{') & ~inside, .close = equal(low, high, '}') & ~inside};
    __m256i first = pairs(bytes), second = pairs(bytes + 32), any = _mm256_or_si256(first, second);
    if (__builtin_expect(!_mm256_testz_si256(any, any), 0)) marks.pairs = mask_of(first, second);
    return marks;
}

AVX2 amiwatch_extent amiwatch_value_extent_avx2(const uint8_t *bytes, size_t length, size_t start) {
    return scan_extent(bytes, length, start, marks);
}

AVX2 amiwatch_run amiwatch_ignorable_members_avx2(const amiwatch_prefilter *prefilter, const uint8_t *bytes,
                                                  size_t length, size_t start, size_t maximum) {
    return scan_members(prefilter, bytes, length, start, maximum, marks);
}
#else
typedef int amiwatch_no_avx2;
#endif

// The bracket scans with AVX-512, 64 bytes at a time: half of what they take with AVX2.
#if defined(__x86_64__)
#include "Members.h"
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx2,pclmul,popcnt,bmi")))

AVX512 static inline block_marks marks(extent_state *state, const uint8_t *bytes) {
    __m512i first = _mm512_loadu_si512(bytes), second = _mm512_loadu_si512(bytes + 1);
    uint64_t quotes = _mm512_cmpeq_epi8_mask(first, _mm512_set1_epi8('"'));
    uint64_t backslashes = _mm512_cmpeq_epi8_mask(first, _mm512_set1_epi8('\\'));
    quotes &= ~escaped_bytes(backslashes, &state->escaped);
    uint64_t inside = (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)quotes),
                                                                       _mm_set1_epi8((char)0xFF), 0)) ^
                      state->in_string;
    state->in_string = (uint64_t)((int64_t)inside >> 63);
    // The bit turns [ into { and ] into }.
    __m512i brackets = _mm512_or_si512(first, _mm512_set1_epi8(0x20));
    // A backslash becomes an underscore (and so do ] and ^, which `inspect` turns down).
    __mmask64 hides = _mm512_cmpeq_epi8_mask(_mm512_or_si512(first, _mm512_set1_epi8(3)), _mm512_set1_epi8('_'));
    __mmask64 names = _mm512_cmpeq_epi8_mask(first, _mm512_set1_epi8('t'));
    return (block_marks){
        .open = _mm512_cmpeq_epi8_mask(brackets, _mm512_set1_epi8('{')) & ~inside,
        .close = _mm512_cmpeq_epi8_mask(brackets, _mm512_set1_epi8('}')) & ~inside,
        .pairs = _mm512_mask_cmpeq_epi8_mask(hides, second, _mm512_set1_epi8('u')) |
                 _mm512_mask_cmpeq_epi8_mask(names, second, _mm512_set1_epi8('N'))};
}

AVX512 amiwatch_extent amiwatch_value_extent_avx512(const uint8_t *bytes, size_t length, size_t start) {
    return scan_extent(bytes, length, start, marks);
}

AVX512 amiwatch_run amiwatch_ignorable_members_avx512(const amiwatch_prefilter *prefilter, const uint8_t *bytes,
                                                      size_t length, size_t start, size_t maximum) {
    return scan_members(prefilter, bytes, length, start, maximum, marks);
}
#else
typedef int amiwatch_no_avx512;
#endif
